import json
from types import SimpleNamespace

import numpy as np
import onnx
import PIL.Image
import pytest
from onnx import TensorProto, helper, numpy_helper

from cvat_sdk.auto_annotation.functions.boxes import Letterbox
from cvat_sdk.auto_annotation.functions.nanodet_detection import DESCRIPTION
from cvat_sdk.auto_annotation.functions.onnx_detection import Description, create, prepare
from cvat_sdk.auto_annotation.functions.onnx_session import providers
from cvat_sdk.auto_annotation.trial import check
from cvat_sdk.exceptions import BadFunctionError

SIDE = 416


@pytest.mark.parametrize("size_wh", [(1, 1), (5000, 1), (1, 5000), (640, 480), (417, 416)])
def test_every_size_fits_the_input(size_wh):
    letterbox = Letterbox.around(size_wh, (SIDE, SIDE))
    net_input = prepare(PIL.Image.new("RGB", size_wh, "white"), letterbox, DESCRIPTION)
    assert net_input.shape == (1, 3, SIDE, SIDE)
    assert max(letterbox.fitted_wh) == SIDE
    assert (net_input[0, 0] != 0).sum() == np.prod(letterbox.fitted_wh)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_mode_is_taken(mode):
    letterbox = Letterbox.around((8, 8), (SIDE, SIDE))
    black = prepare(PIL.Image.new("RGB", (8, 8)).convert(mode), letterbox, DESCRIPTION)
    expected = [-mean / std for mean, std in zip(DESCRIPTION.mean, DESCRIPTION.std, strict=True)]
    assert black[0, :, 200, 200] == pytest.approx(expected, abs=0.02)


def test_the_channels_are_blue_green_red():
    letterbox = Letterbox.around((2, 2), (SIDE, SIDE))
    blue, green, red = prepare(PIL.Image.new("RGB", (2, 2), "red"), letterbox, DESCRIPTION)[
        0, :, 0, 0
    ]
    assert (blue < 0, green < 0, red > 2) == (True, True, True)


SIZE_WH = (64, 32)
# One object of class 1, in the input's pixels and relative to it, as centre and size.
CENTRED = np.array([32, 16, 20, 10], np.float32)
RELATIVE = CENTRED / np.array(SIZE_WH * 2, np.float32)
LTRB = [22, 11, 42, 21]


def rows(*numbers):
    return np.array([[numbers]], np.float32)


OUTPUTS = {
    "yolo": {"output0": rows(*CENTRED, 0.1, 0.9).transpose(0, 2, 1)},
    "yolov5": {"output0": rows(*CENTRED, 1.0, 0.1, 0.9)},
    "yolov10": {"output0": rows(*LTRB, 0.9, 1)},
    "detr": {"logits": np.log(rows(0.05, 0.9, 0.05)), "pred_boxes": rows(*RELATIVE)},
    "rtdetr": {"logits": rows(-9, np.log(9)), "pred_boxes": rows(*RELATIVE)},
    "ssd": {
        "boxes": np.array([LTRB], np.float32),
        "labels": np.array([1]),
        "scores": np.array([0.9], np.float32),
    },
}


def save_model(path, outputs, *, batch=1, elem=TensorProto.FLOAT, metadata=None, size=SIZE_WH):
    """Write a model that returns the same for every image of a batch."""
    nodes = [
        helper.make_node("Cast", ["images"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["cast", "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["none"]),
    ]
    axes = [1, 2, 3] if "boxes" not in outputs else [0, 1, 2]
    constants = [
        numpy_helper.from_array(np.array(axes), "axes"),
        numpy_helper.from_array(np.float32(0), "zero"),
    ]
    infos = []
    for name, value in outputs.items():
        constants.append(numpy_helper.from_array(value, f"{name}_value"))
        if value.ndim == 3:
            # Shape (N, 1, 1), so that there is one result for each image.
            nodes.append(helper.make_node("Unsqueeze", ["none", "last"], [f"{name}_n"]))
            nodes.append(helper.make_node("Add", [f"{name}_n", f"{name}_value"], [name]))
        else:
            nodes.append(helper.make_node("Identity", [f"{name}_value"], [name]))
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        shape = [batch, *value.shape[1:]] if value.ndim == 3 else list(value.shape)
        infos.append(helper.make_tensor_value_info(name, kind, shape))
    constants.append(numpy_helper.from_array(np.array([1, 2]), "last"))
    shape = [3, *size[::-1]] if "boxes" in outputs else [batch, 3, *size[::-1]]
    inputs = [helper.make_tensor_value_info("images", elem, shape)]
    graph = helper.make_graph(nodes, "detector", inputs, infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def describe(path, **told):
    path.with_suffix(".json").write_text(json.dumps({"labels": ["cat", "dog"], **told}))


def found_by(function, image=None, conf_threshold=None):
    context = SimpleNamespace(frame_name="a.png", conf_threshold=conf_threshold)
    image = image or PIL.Image.new("RGB", (128, 64))
    return [
        (shape.label_id, shape.points, shape.score) for shape in function.detect(context, image)
    ]


# The image is twice as large as the input.
THE_DOG = [(1, [44, 22, 84, 42], pytest.approx(0.9))]


@pytest.mark.parametrize("family", OUTPUTS)
def test_a_model_of_each_family_finds_what_it_sees(tmp_path, family):
    save_model(tmp_path / "m.onnx", OUTPUTS[family])
    describe(tmp_path / "m.onnx", family=family)
    function = create(str(tmp_path / "m.onnx"))
    assert found_by(function) == THE_DOG
    assert found_by(function, conf_threshold=0.95) == []
    assert check(function) == []


@pytest.mark.parametrize("family", sorted(set(OUTPUTS) - {"ssd"}))
def test_a_model_that_takes_batches_finds_the_same_in_them(tmp_path, family):
    save_model(tmp_path / "m.onnx", OUTPUTS[family], batch="N")
    describe(tmp_path / "m.onnx", family=family)
    function = create(str(tmp_path / "m.onnx"))
    assert callable(function.detect_batch)
    assert check(function) == []


def test_a_model_of_half_precision_is_given_such_numbers(tmp_path):
    save_model(tmp_path / "m.onnx", OUTPUTS["yolo"], elem=TensorProto.FLOAT16)
    describe(tmp_path / "m.onnx", family="yolo")
    assert found_by(create(str(tmp_path / "m.onnx"))) == THE_DOG


def test_a_model_of_any_size_needs_one_in_its_description(tmp_path):
    path = tmp_path / "m.onnx"
    save_model(path, OUTPUTS["yolo"], size=("W", "H"))
    describe(path, family="yolo")
    with pytest.raises(BadFunctionError, match="name input_size"):
        create(str(path))
    describe(path, family="yolo", input_size=SIZE_WH)
    assert found_by(create(str(path))) == THE_DOG


@pytest.mark.parametrize(
    ("family", "more"),
    [
        ("yolo", {}),
        ("yolov5", {}),
        ("yolov10", {"end2end": "True"}),
    ],
)
def test_the_metadata_of_ultralytics_are_enough(tmp_path, family, more):
    metadata = {"names": "{0: 'cat', 1: 'dog'}", "imgsz": "[32, 64]", **more}
    save_model(tmp_path / "m.onnx", OUTPUTS[family], metadata=metadata)
    function = create(str(tmp_path / "m.onnx"))
    assert function.description.family == family
    assert [label.name for label in function.spec.labels] == ["cat", "dog"]
    assert found_by(function) == THE_DOG


def test_classes_without_a_name_are_left_out(tmp_path):
    save_model(tmp_path / "m.onnx", OUTPUTS["yolo"])
    describe(tmp_path / "m.onnx", family="yolo", labels=["cat", None])
    function = create(str(tmp_path / "m.onnx"))
    assert ([label.name for label in function.spec.labels], found_by(function)) == (["cat"], [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "has no metadata that describe it: write m.json beside it"),
        ("{", "m.json: this does not describe a detector"),
        ('{"family": "yolo"}', "missing required field `labels`"),
        ('{"family": "yolo99", "labels": []}', "Invalid enum value 'yolo99'"),
        ('{"family": "yolo", "labels": [], "lables": []}', "unknown field `lables`"),
    ],
)
def test_a_bad_description_is_told(tmp_path, text, message):
    save_model(tmp_path / "m.onnx", OUTPUTS["yolo"])
    if text:
        (tmp_path / "m.json").write_text(text)
    with pytest.raises(BadFunctionError, match=message):
        create(str(tmp_path / "m.onnx"))


def test_stretched_images_fill_the_input():
    description = Description(family="detr", labels=[], resize="stretch", mean=(255, 0, 0))
    white = PIL.Image.new("RGB", (10, 10), "white")
    prepared = prepare(white, Letterbox.stretched((10, 10), (4, 2)), description)
    assert prepared.shape == (1, 3, 2, 4)
    assert prepared[0, 0].tolist() == [[0] * 4] * 2
    assert prepared[0, 1].tolist() == [[1] * 4] * 2


CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@pytest.mark.parametrize(
    ("device", "available", "chosen"),
    [
        ("auto", [CPU], [CPU]),
        ("auto", [CUDA, CPU], [(CUDA, {"device_id": 0}), CPU]),
        ("cpu", [CUDA, CPU], [CPU]),
        ("cuda:1", [CUDA, CPU], [(CUDA, {"device_id": 1}), CPU]),
        ("cuda", [CPU], "install onnxruntime-gpu"),
        ("tpu", [CUDA, CPU], "device must be"),
        ("cuda:x", [CUDA, CPU], "device must be"),
    ],
)
def test_a_device_is_chosen(device, available, chosen):
    if isinstance(chosen, str):
        with pytest.raises(ValueError, match=chosen):
            providers(device, available)
    else:
        assert providers(device, available) == chosen
