"""An unknown word → the error that names the right one: the nearest, or another tool's synonym."""

from collections.abc import Iterable

from convcalc.errors import Position, SpecError, did_you_mean

# What Keras, TensorFlow, Caffe, ONNX and papers call our settings. The first that exists is named.
SETTINGS = {
    "filters": ("out_channels",),
    "num_output": ("out_channels", "out_features"),
    "channels": ("out_channels",),
    "planes": ("out_channels", "width"),
    "out_planes": ("out_channels",),
    "num_filters": ("out_channels",),
    "n_filters": ("out_channels",),
    "output_channels": ("out_channels",),
    "units": ("out_features",),
    "features": ("out_features", "out_channels"),
    "hidden_units": ("out_features",),
    "num_classes": ("out_features", "out_channels"),
    "kernel": ("kernel_size",),
    "kernel_shape": ("kernel_size",),
    "ksize": ("kernel_size",),
    "pool_size": ("kernel_size",),
    "filter_size": ("kernel_size",),
    "size": ("kernel_size", "output_size"),
    "strides": ("stride",),
    "subsample": ("stride",),
    "dilations": ("dilation",),
    "dilation_rate": ("dilation",),
    "rate": ("dilation", "p"),
    "pads": ("padding",),
    "pad": ("padding",),
    "auto_pad": ("padding",),
    "border_mode": ("padding",),
    "group": ("groups",),
    "num_group": ("groups",),
    "g": ("groups",),
    "use_bias": ("bias",),
    "bias_term": ("bias",),
    "no_bias": ("bias",),
    "alpha": ("negative_slope", "alpha"),
    "slope": ("negative_slope",),
    "deformable_groups": ("offset_groups",),
    "deform_groups": ("offset_groups",),
    "mask": ("modulated",),
    "ceil": ("ceil_mode",),
    "scale": ("scale_factor",),
    "factor": ("scale_factor", "upscale_factor"),
    "interpolation": ("mode",),
    "prob": ("p",),
    "drop_rate": ("p",),
    "begin": ("start",),
    "end": ("stop",),
    "act": ("activation",),
    "normalization": ("norm",),
    "expand_ratio": ("expansion",),
    "squeeze_factor": ("squeeze_channels",),
}

# Settings of other tools that follow from the input here.
FROM_INPUT = {"in_channels", "in_features", "num_features", "input_shape", "in_planes", "nin"}

# Operators of other tools, in small letters without _ and without the number of axes.
STEPS = {
    "convolution": "conv",
    "deconv": "conv_transpose",
    "deconvolution": "conv_transpose",
    "convtranspose": "conv_transpose",
    "transposedconv": "conv_transpose",
    "dense": "linear",
    "fc": "linear",
    "fullyconnected": "linear",
    "innerproduct": "linear",
    "gemm": "linear",
    "maxpooling": "max_pool",
    "averagepool": "avg_pool",
    "averagepooling": "avg_pool",
    "avgpooling": "avg_pool",
    "globalaveragepool": "global_avg_pool",
    "globalaveragepooling": "global_avg_pool",
    "globalmaxpooling": "global_max_pool",
    "gap": "global_avg_pool",
    "bn": "batch_norm",
    "batchnormalization": "batch_norm",
    "lrn": "local_response_norm",
    "swish": "silu",
    "hswish": "hardswish",
    "hsigmoid": "hardsigmoid",
    "sum": "add",
    "eltwise": "add",
    "cat": "concat",
    "concatenate": "concat",
    "mul": "multiply",
    "depthwiseconv": "depthwise",
    "separableconv": "depthwise_separable",
    "dwconv": "depthwise",
    "zeropadding": "pad",
    "cropping": "crop",
    "deformconv": "deform_conv",
    "deformableconv": "deform_conv",
    "dcn": "deform_conv",
    "resize": "upsample",
    "interpolate": "upsample",
    "upsampling": "upsample",
    "split": "slice",
    "branches": "concat",
    "depthtospace": "pixel_shuffle",
    "spacetodepth": "pixel_unshuffle",
    "mbconv": "inverted_residual",
    "se": "squeeze_excite",
    "residual": "add",
    "sequential": "layers",
}


def unknown_setting(
    owner: str | None, word: str, known: Iterable[str], position: Position | None
) -> SpecError:
    """`owner` (an operator, a block, a spec, or None: what an expression sees) has no `word`."""
    known = list(known)
    if word in FROM_INPUT:
        hint = "; it follows from the input, leave it out"
    elif word == "<<":
        hint = "; merge keys are not part of the language: what many steps share goes to defaults:"
    elif word.endswith(")"):
        hint = "; an expression with a comma in it needs quotes"
    else:
        ours = next((name for name in SETTINGS.get(word, ()) if name in known), None)
        hint = f"; did you mean '{ours}'?" if ours else did_you_mean(word, known)
        hint = hint or _all("it has" if owner else "there are", known)
    no_setting = f"{owner} has no setting" if owner else "there is no setting"
    return SpecError(f"{no_setting} '{word}'{hint}", position)


def unknown_step(word: str, known: Iterable[str], position: Position | None) -> SpecError:
    """There is no operator and no block `word`."""
    known = list(known)
    plain = word.lower().replace("_", "").replace("-", "").replace(" ", "")
    for axes in ("1d", "2d", "3d"):
        plain = plain.removesuffix(axes)
    ours = STEPS.get(plain) or next((k for k in known if k.replace("_", "") == plain), None)
    hint = f"; did you mean '{ours}'?" if ours else did_you_mean(word, known)
    hint = hint or "; `convcalc list` shows them"
    return SpecError(f"unknown operator or block '{word}'{hint}", position)


def unknown_key(where: str, word: str, known: Iterable[str], position: Position) -> SpecError:
    """`word` isn't among the keys that may stand in `where`."""
    known = list(known)
    hint = did_you_mean(word, known) or _all("known are", known)
    return SpecError(f"unknown key '{word}' in {where}{hint}", position)


def unknown_name(word: str, known: Iterable[str], position: Position | None = None) -> SpecError:
    """No value seen from here has the name `word`."""
    known = list(known)
    named = [name for name in known if name != "input"]
    hint = did_you_mean(word, known) or _all("named are", named) or "; names are given with name:"
    return SpecError(f"nothing before this step is named '{word}'{hint}", position)


def _all(start: str, known: Iterable[str]) -> str:
    known = list(known)
    if not known:
        return ""
    some = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return f"; {start} {some}"
