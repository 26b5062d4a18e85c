"""Writes docs/client/somnia_client.py from the API's own document: `python deploy/make_client.py`; a test makes it again and compares."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
HEAD = PROJECT / "deploy" / "client_head.txt"
CLIENT = PROJECT / "docs" / "client" / "somnia_client.py"
OURS = ("/api/", "/auth/log", "/auth/refresh")
"""Which addresses the client speaks to; the others of /auth are OAuth 2.0, for which there are libraries."""
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
JSON = "application/json"
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
Schema = dict[str, Any]


def the_document() -> dict[str, Any]:
    """Return the document of an instance that is made for it and thrown away."""
    sys.path.insert(0, str(PROJECT))
    from somnia_server import create_server
    from somnia_server.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"SOMNIA_INSTANCE": f"{folder}/instance", "SOMNIA_KEY_FILE": f"{folder}/keys/master.key"})
        found: dict[str, Any] = create_server(settings).test_client().get("/api/openapi.json").get_json()
    return found


class Names:
    """What each schema is called in the client: its last word, where no other schema has that."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self.schemas = schemas
        self.known: dict[str, str] = {}
        shapes: dict[str, str] = {}
        for name in sorted(schemas, key=lambda one: (one.count("."), one)):
            short, shape = name.rpartition(".")[2], self._shape(schemas[name])
            free = shapes.setdefault(short, shape) == shape
            self.known[name] = short if free else name.replace(".", "")

    def _shape(self, schema: Schema) -> str:
        """Return what a schema says, whatever document part its references lead through."""
        words = json.dumps(schema, sort_keys=True).split('"#/components/schemas/')
        return "".join(
            [words[0], *(f'"{word.partition(chr(34))[0].rpartition(".")[2]}"{word.partition(chr(34))[2]}' for word in words[1:])]
        )

    def type_of(self, schema: Schema) -> str:
        """Return the Python type of a schema."""
        if "$ref" in schema:
            return self.known[schema["$ref"].rpartition("/")[2]]
        if "const" in schema or "enum" in schema:
            return f"Literal[{', '.join(json.dumps(one) for one in schema.get('enum', [schema.get('const')]))}]"
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self.type_of(one) for one in schema["anyOf"]))
        if schema.get("type") == "array":
            return f"list[{self.type_of(schema['items'])}]"
        if schema.get("type") in PLAIN:
            return PLAIN[schema["type"]]
        more = schema.get("additionalProperties")
        return f"dict[str, {self.type_of(more) if isinstance(more, dict) and more else 'Any'}]"

    def classes(self) -> Iterator[str]:
        """Yield each shape of a body, after those that it is made of."""
        done: set[str] = set()
        for name in sorted(self.schemas, key=lambda one: self.known[one]):
            yield from self._with_parts(name, done)

    def _with_parts(self, name: str, done: set[str]) -> Iterator[str]:
        if self.known[name] in done:
            return
        done.add(self.known[name])
        for part in REFERENCE.findall(json.dumps(self.schemas[name])):
            yield from self._with_parts(part, done)
        yield self._class(self.known[name], self.schemas[name])

    def _class(self, short: str, schema: Schema) -> str:
        if "properties" not in schema:
            return f"{short} = {self.type_of(schema)}"
        needed = set(schema.get("required", ()))
        lines = [f"class {short}(TypedDict):", f'    """{_sentence(schema.get("description", short))}"""', ""]
        for field, one in schema["properties"].items():
            kind = self.type_of(one)
            lines.append(f"    {field}: {kind if field in needed else f'NotRequired[{kind}]'}")
        return "\n".join(lines)


def methods(document: dict[str, Any], names: Names) -> Iterator[str]:
    """Yield a method for each operation."""
    for path, operations in sorted(document["paths"].items()):
        for method, operation in sorted(operations.items()):
            if path.startswith(OURS):
                yield _method(path, method, operation, names)


def _method(path: str, method: str, operation: dict[str, Any], names: Names) -> str:
    given = operation.get("parameters", [])
    places = {one["name"]: names.type_of(one["schema"]) for one in given if one["in"] == "path"}
    asked = {one["name"]: one for one in given if one["in"] in ("query", "header") and one["name"] != "If-None-Match"}
    kind = _answer(operation, names)
    body = operation.get("requestBody", {}).get("content", {})
    signature = ["self", *(f"{place}: {one}" for place, one in places.items())]
    if JSON in body:
        signature.append(f"body: {names.type_of(body[JSON]['schema'])}")
    elif body:
        signature.append("body: bytes" + ("" if operation["requestBody"]["required"] else ' = b""'))
    signature += ["*"] if asked else []
    signature += [_argument(one, names) for one in asked.values()]
    where = path.replace("{", "{_part(").replace("}", ")}")
    said = [f'"{method.upper()}"', f'f"{where}"' if places else f'"{where}"']
    if body:
        said.append("body=body" if JSON not in body else "said=body")
        said += [f'media="{next(iter(body))}"'] if JSON not in body else []
    for place, word in (("query", "query"), ("header", "headers")):
        found = {name: one for name, one in asked.items() if one["in"] == place}
        said += [f"{word}={{{', '.join(f'{json.dumps(name)}: {_python(name)}' for name in found)}}}"] if found else []
    call = f"self._{'bytes' if kind == 'bytes' else 'json'}({', '.join(said)})"
    made = f"        {call}" if kind == "None" else f"        return {call}" if kind == "bytes" else f"        return cast({kind}, {call})"
    summary = _sentence(operation.get("summary") or operation["operationId"])
    return f'    def {operation["operationId"]}({", ".join(signature)}) -> {kind}:\n        """{summary}"""\n{made}'


def _argument(parameter: dict[str, Any], names: Names) -> str:
    kind = names.type_of(parameter["schema"])
    name = _python(parameter["name"])
    return f"{name}: {kind}" if parameter.get("required") else f"{name}: {kind} | None = None".replace("| None | None", "| None")


def _answer(operation: dict[str, Any], names: Names) -> str:
    done = [answer.get("content", {}) for status, answer in sorted(operation["responses"].items(), reverse=True) if status[0] == "2"]
    schema = next((content[JSON]["schema"] for content in done if content.get(JSON, {}).get("schema")), None)
    return names.type_of(schema) if schema is not None else "bytes" if any(done) and not any(JSON in one for one in done) else "None"


def _python(name: str) -> str:
    return name.lower().replace("-", "_")


def _sentence(said: str) -> str:
    first = " ".join(said.split())
    return first if first.endswith(".") else f"{first}."


def written(document: dict[str, Any]) -> str:
    """Return the client as it is to stand in the file."""
    names = Names(document["components"]["schemas"])
    parts = [HEAD.read_text(encoding="utf-8").replace("# SHAPES\n", "\n\n".join(names.classes()) + "\n"), *methods(document, names)]
    plain = "\n\n".join(parts) + "\n"
    command = [sys.executable, "-m", "ruff", "format", "-", "--stdin-filename", str(CLIENT)]
    return subprocess.run(command, input=plain, capture_output=True, text=True, check=True, cwd=PROJECT).stdout


def main() -> int:
    """Write the client; with --check only say whether it is the one that the document makes."""
    made = written(the_document())
    if "--check" in sys.argv:
        return 0 if CLIENT.read_text(encoding="utf-8") == made else 1
    CLIENT.parent.mkdir(exist_ok=True)
    CLIENT.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
