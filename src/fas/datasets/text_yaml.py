"""YAML whose scalars are all read as text, as written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fas.errors import FasError


def read_text_yaml(path: Path) -> Any:
    """Reads a YAML file into mappings, lists and strings.

    YAML's own types would turn subject 07 into 7 (but leave 08 a string), and `no` into False.

    Raises:
        FasError: The file cannot be read, is not YAML, asks for an object, or has a key twice in one mapping.
    """
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_TextLoader)  # noqa: S506 - derived from SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise FasError(f"the file cannot be read: {error}", path=path) from None
    except yaml.YAMLError as error:
        raise FasError(f"the file is not YAML: {error}", path=path) from None


class _TextLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - overrides the base class's

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} appears twice", node.start_mark)
        return super().construct_mapping(node, deep)
