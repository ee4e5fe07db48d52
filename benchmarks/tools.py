"""The profilers users would pick instead, each as a whole process that counts ResNet-50."""

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Ratio, Skipped, best, convcalc, python

_MODEL = "import torch; from benchmarks.resnet50 import build; model = build()\n"
_IMAGE = "image = torch.zeros(1, 3, 224, 224)\n"

TOOLS = {
    "fvcore": _MODEL
    + _IMAGE
    + "from fvcore.nn import FlopCountAnalysis\nprint(FlopCountAnalysis(model, image).total())",
    "ptflops": _MODEL + "from ptflops import get_model_complexity_info as count\n"
    "print(count(model, (3, 224, 224), as_strings=False, print_per_layer_stat=False))",
    "thop": _MODEL + _IMAGE + "from thop import profile\nprint(profile(model, (image,)))",
    "torchinfo": _MODEL
    + "from torchinfo import summary\nprint(summary(model, (1, 3, 224, 224), verbose=0))",
    "torch FlopCounterMode on the meta device": "import torch\n"
    "from torch.utils.flop_counter import FlopCounterMode\n"
    "from benchmarks.resnet50 import build\n"
    "with torch.device('meta'):\n    model = build(); image = torch.zeros(1, 3, 224, 224)\n"
    "with FlopCounterMode(display=False) as counter:\n    model(image)\n"
    "print(counter.get_total_flops())",
    "onnx-tool": "import io, torch\nfrom benchmarks.resnet50 import build\n"
    "file = io.BytesIO()\n"
    "torch.onnx.export(build(), (torch.zeros(1, 3, 224, 224),), file, dynamo=False)\n"
    "import onnx, onnx_tool\nmodel = onnx.load_from_string(file.getvalue())\n"
    "print(onnx_tool.model_profile(model))",
}


def rows() -> Iterator[Ratio | Skipped]:
    """A row a tool: its time over ours."""
    ours = best(convcalc("count", "resnet50"), 10)
    for name, code in TOOLS.items():
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it failed"]
            missing = "No module named" in last[0]
            why = "not installed" if missing else f"it failed: {last[0][:80]}"
            yield Skipped("other tools", name, why)
        else:
            base = "convcalc count resnet50"
            yield Ratio("other tools", name, best(python(code), 3), ours, base, "s")
