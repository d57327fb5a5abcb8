"""Answers questions with the official package: one JSON list a line in, one JSON object out.

It runs in the environment of the official package; the tests start it.
"""

import json
import sys

import numpy as np

from cvat_sdk import models
from cvat_sdk.attributes import (
    attribute_vals_from_dict,
    attribute_value_validator,
    number_attribute_values,
)
from cvat_sdk.masks import decode_mask, encode_mask


def encode(bitmap, dtype, bbox):
    return encode_mask(np.array(bitmap, dtype), bbox)


def decode(encoded, width, height):
    return decode_mask(encoded, image_width=width, image_height=height).tolist()


def suits(input_type, values, value):
    spec = models.AttributeRequest(name="a", mutable=False, input_type=input_type, values=values)
    return attribute_value_validator(spec)(value)


def attribute_values(pairs):
    return [[item.spec_id, item.value] for item in attribute_vals_from_dict(dict(pairs))]


CALLS = {
    "encode": encode,
    "decode": decode,
    "suits": suits,
    "number_values": number_attribute_values,
    "attribute_values": attribute_values,
}


def answer(call, *arguments):
    try:
        return {"value": CALLS[call](*arguments)}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
