"""The public names of the generated code, compared with api.txt: what a change of the boundary means here is reviewed."""

import ast
import os
import unittest
from pathlib import Path

import firsthours


def public(name: str) -> bool:
    return name == "__init__" or not name.startswith("_")


def declared(node: ast.AST, indent: str = ""):
    """The lines of a public declaration and of what is public in it."""
    match node:
        case ast.ClassDef(name=name, bases=bases, body=body) if public(name):
            of = f"({', '.join(map(ast.unparse, bases))})" if bases else ""
            yield f"{indent}class {name}{of}"
            for part in body:
                yield from declared(part, indent + "    ")
        case ast.FunctionDef(name=name, args=given, returns=gives) if public(name):
            result = f" -> {ast.unparse(gives)}" if gives else ""
            marks = "".join(f"@{ast.unparse(mark)} " for mark in node.decorator_list)
            yield f"{indent}{marks}def {name}({ast.unparse(given)}){result}"
        case ast.AnnAssign(target=ast.Name(id=name), annotation=kind) if public(name):
            yield f"{indent}{name}: {ast.unparse(kind)}"
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if public(name) and indent:
            yield f"{indent}{name} = {ast.unparse(value)}"


class ApiTest(unittest.TestCase):
    def test_the_public_names_of_the_generated_code_are_those_of_api_txt(self):
        generated = Path(firsthours._ffi.__file__).read_text(encoding="utf-8")
        lines = [line for node in ast.parse(generated).body for line in declared(node)]
        found = "Every public name of the generated module. Written by tests/test_api.py.\n" + "\n".join(lines) + "\n"
        snapshot = Path(os.environ["FIRSTHOURS_BINDINGS"], "python", "api.txt")
        if "UPDATE_API" in os.environ:
            snapshot.write_text(found, encoding="utf-8")
        self.maxDiff = None
        self.assertGreater(len(lines), 200)
        self.assertEqual(
            found, snapshot.read_text(encoding="utf-8"), "it changed; if that is meant, run again with UPDATE_API=1"
        )

    def test_the_package_hands_on_every_type_of_the_generated_code(self):
        generated = {name for name in firsthours._ffi.__all__ if name != "InternalError"}
        protocols = {name for name in generated if name.endswith("Protocol")}
        self.assertEqual(set(firsthours.__all__), (generated - protocols) | {"FirstHoursCore", "Bug"})
