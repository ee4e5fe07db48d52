"""`convcalc schema`: the spec language as a JSON Schema."""

from convcalc.cli import options
from convcalc.cli.output import emit


def command(output: options.Output = None) -> None:
    """Print a JSON Schema of specs, for editors that check YAML.

    \b
    Example:
      convcalc schema --output convcalc.schema.json
    """
    import json

    from convcalc.schema import schema

    emit(json.dumps(schema(), indent=1, ensure_ascii=False), output)
