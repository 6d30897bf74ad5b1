"""How the grammars call what matters for names: data, one entry for each family of grammars."""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of nodes of a family of grammars.

    ``names`` are names alone, ``dotted`` names of names (with the fields of their two halves),
    ``members`` what stands behind a dot. ``binds`` give new names to what stands in their fields;
    ``scopes`` are functions: what is bound in one is not known outside. Nothing is looked up of
    what stands in ``apart``, nor of the names that are ``known``.
    """

    names: frozenset[str]
    dotted: dict[str, tuple[str, str]]
    members: frozenset[str]
    binds: dict[str, tuple[str, ...]]
    scopes: frozenset[str]
    apart: frozenset[str]
    known: frozenset[str]


_SCRIPT = Kinds(
    names=frozenset(["identifier", "type_identifier", "shorthand_property_identifier"]),
    dotted={
        "member_expression": ("object", "property"),
        "nested_type_identifier": ("module", "name"),
        "nested_identifier": ("object", "property"),
    },
    members=frozenset(["property_identifier"]),
    binds={
        "variable_declarator": ("name",),
        "required_parameter": ("pattern",),
        "optional_parameter": ("pattern",),
        "rest_pattern": (),
        "formal_parameters": ("",),
        "arrow_function": ("parameter",),
        "function_declaration": ("name",),
        "generator_function_declaration": ("name",),
        "function_expression": ("name",),
        "function_signature": ("name",),
        "class_declaration": ("name",),
        "abstract_class_declaration": ("name",),
        "interface_declaration": ("name",),
        "type_alias_declaration": ("name",),
        "enum_declaration": ("name",),
        "catch_clause": ("parameter",),
        "for_in_statement": ("left",),
        "type_parameter": ("name",),
        "infer_type": ("",),
        "mapped_type_clause": ("name",),
        "index_signature": ("name",),
    },
    scopes=frozenset(
        (
            *("function_declaration", "generator_function_declaration", "function_expression"),
            *("arrow_function", "method_definition", "generator_function"),
        )
    ),
    apart=frozenset(["import_statement", "export_clause", "comment"]),
    known=_words(
        "undefined arguments console window document globalThis global process module exports "
        "require Object Array String Number Boolean Symbol BigInt Function Promise Map Set "
        "WeakMap WeakSet Date Math JSON RegExp Error TypeError RangeError SyntaxError Proxy "
        "Reflect Intl URL URLSearchParams Buffer Uint8Array ArrayBuffer fetch Request "
        "Response Headers FormData Blob File AbortController AbortSignal Event EventTarget "
        "setTimeout clearTimeout setInterval clearInterval setImmediate queueMicrotask "
        "structuredClone parseInt parseFloat isNaN isFinite encodeURIComponent "
        "decodeURIComponent NaN Infinity Record Partial Required Readonly Pick Omit Exclude "
        "Extract NonNullable ReturnType Parameters InstanceType Awaited ReadonlyArray "
        "Iterable Iterator AsyncIterable HTMLElement Element Node Document Window describe it "
        "test expect beforeEach afterEach beforeAll afterAll vi jest React JSX const "
    ),
)

_GO = Kinds(
    names=frozenset(["identifier", "type_identifier", "package_identifier"]),
    dotted={"selector_expression": ("operand", "field"), "qualified_type": ("package", "name")},
    members=frozenset(["field_identifier"]),
    binds={
        "short_var_declaration": ("left",),
        "var_spec": ("name",),
        "const_spec": ("name",),
        "parameter_declaration": ("name",),
        "variadic_parameter_declaration": ("name",),
        "type_parameter_declaration": ("name",),
        "range_clause": ("left",),
        "receive_statement": ("left",),
        "type_switch_statement": ("alias",),
        "type_spec": ("name",),
        "type_alias": ("name",),
        "function_declaration": ("name",),
    },
    scopes=frozenset(["function_declaration", "method_declaration", "func_literal"]),
    apart=frozenset(["import_declaration", "package_clause", "comment", "label_name"]),
    known=_words(
        "bool string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr byte "
        "rune float32 float64 complex64 complex128 error any comparable true false nil iota _ "
        "append cap clear close complex copy delete imag len make max min new panic print "
        "println real recover "
    ),
)

_RUST = Kinds(
    names=frozenset(["identifier", "type_identifier", "shorthand_field_identifier"]),
    dotted={
        "scoped_identifier": ("path", "name"),
        "scoped_type_identifier": ("path", "name"),
        "field_expression": ("value", "field"),
    },
    members=frozenset(["field_identifier"]),
    binds={
        "let_declaration": ("pattern",),
        "let_condition": ("pattern",),
        "parameter": ("pattern",),
        "closure_parameters": ("",),
        "for_expression": ("pattern",),
        "match_arm": ("pattern",),
        "type_parameter": ("name",),
        "const_parameter": ("name",),
        "function_item": ("name",),
        "struct_item": ("name",),
        "enum_item": ("name",),
        "enum_variant": ("name",),
        "union_item": ("name",),
        "trait_item": ("name",),
        "type_item": ("name",),
        "const_item": ("name",),
        "static_item": ("name",),
        "macro_definition": ("name",),
        "mod_item": ("name",),
        "associated_type": ("name",),
    },
    scopes=frozenset(["function_item", "closure_expression"]),
    apart=frozenset(
        (
            *("use_declaration", "attribute_item", "inner_attribute_item", "line_comment"),
            *("block_comment", "lifetime", "macro_definition", "label"),
        )
    ),
    known=_words(
        "self Self super crate Some None Ok Err Option Result Vec String Box Rc Arc Cell "
        "RefCell Clone Copy Debug Default Display Drop Eq PartialEq Ord PartialOrd Hash "
        "Iterator IntoIterator From Into TryFrom TryInto AsRef AsMut ToString ToOwned Fn "
        "FnMut FnOnce Send Sync Sized Extend std core alloc println print eprintln eprint "
        "format vec panic assert assert_eq assert_ne debug_assert todo unimplemented "
        "unreachable matches write writeln dbg include_str env concat stringify drop u8 u16 "
        "u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char str true false _ "
    ),
)

KINDS = {"script": _SCRIPT, "go": _GO, "rust": _RUST}
"""By the family of grammars."""
