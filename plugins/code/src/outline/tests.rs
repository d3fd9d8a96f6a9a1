//! What the outline reader finds in each language.

use super::*;
use crate::language::LANGUAGES;
use proptest::prelude::*;

/// `kind name[container] first-last complexity` of each unit.
fn units(text: &str, language: Language) -> Vec<String> {
    let outline = read(text, language);
    let said = |unit: &Unit| {
        let owner = outline.owner(unit);
        let owner = if owner.is_empty() { String::new() } else { format!("[{owner}]") };
        let complexity = unit.complexity.map(|complexity| format!(" {complexity}")).unwrap_or_default();
        format!("{} {}{owner} {}-{}{complexity}", unit.kind, unit.name, unit.first, unit.last)
    };
    outline.units.iter().map(said).collect()
}

fn imports(text: &str, language: Language) -> Vec<String> {
    read(text, language).imports.iter().map(|import| format!("{} {}", import.module, import.name)).collect()
}

fn calls(text: &str, language: Language, name: &str) -> Vec<String> {
    let outline = read(text, language);
    let unit = outline.units.iter().find(|unit| unit.name == name).unwrap();
    let said = |call: &crate::unit::Call| match call.qualifier.as_str() {
        "" => call.name.clone(),
        on => format!("{on}.{}", call.name),
    };
    unit.calls.iter().map(said).collect()
}

const PYTHON: &str = r#"import os.path as path, sys
from a.b import c, d as e
from . import (f,
    g)

LIMIT = 3

@cached
def outer(x: int = {"a": 1}["a"]) -> int:
    """Adds.

    Well."""
    if x and x > 1:
        return helper(x)
    def inner():
        for i in range(3):
            yield [a for a in i if a]
    return path.join(inner(), Shape.of(1))

class Shape(Base):
    # Makes one.
    async def of(self, a,
                 b): return self.area(a)

    def area(self):
        s = """
def no(): pass
"""
        return s
"#;

#[test]
fn python() {
    assert_eq!(
        units(PYTHON, Language::Python),
        [
            "constant LIMIT 6-6",
            "function outer 9-18 3",
            "function inner[outer] 15-17 4",
            "class Shape 20-29",
            "method of[Shape] 22-23 1",
            "method area[Shape] 25-29 1"
        ]
    );
    assert_eq!(imports(PYTHON, Language::Python), [". f", ". g", "a.b c", "a.b e", "os.path path", "sys sys"]);
    assert_eq!(calls(PYTHON, Language::Python, "outer"), ["helper", "inner", "path.join", "Shape.of"].sorted());
    assert_eq!(calls(PYTHON, Language::Python, "of"), ["self.area"]);
    let outline = read(PYTHON, Language::Python);
    assert_eq!(outline.units[1].doc, "Adds.\n\nWell.");
    assert_eq!(outline.units[1].signature, "def outer(x: int = {\"a\": 1}[\"a\"]) -> int");
    assert_eq!(outline.units[4].doc, "Makes one.");
}

trait Sorted {
    fn sorted(self) -> Vec<String>;
}

impl<const N: usize> Sorted for [&str; N] {
    /// In the order calls have: by name, then by what they are called on.
    fn sorted(self) -> Vec<String> {
        let mut list: Vec<String> = self.iter().map(|text| (*text).to_owned()).collect();
        list.sort_by_key(|text| text.rsplit('.').next().unwrap().to_owned());
        list
    }
}

const SCRIPT: &str = r#"import React, { useState as use, type X } from 'react';
import './side.css';
export * from "./all";
const fs = require('fs');

/** Adds. */
export async function add(a: number, b = (1 + 2)): Promise<{ a: number }> {
  if (a && b || a ?? b) { return go(a ? 1 : 2); }
  function inner() { return `${no(1)} function no2() {}`; }
  return inner()?.x;
}

export const MAX = 3;
const twice = (x) => x * 2
const plus = async x => {
  return twice(x);
}

export default class Shape<T> extends Base {
  #hidden = 1;
  static count = 0
  handler = (e) => { this.area(e); };
  constructor(private a: string) { super(a); }
  get area(): number { for (const x of this.items) { Log.write(x); } return /}/.test("x"); }
  abstract later(): void;
}
interface Point { x: number; move(dx: number): void }
type Names = 'a'
  | 'b';
enum Color { Red }
exports.last = function () { return 1; };
"#;

#[test]
fn script() {
    assert_eq!(
        units(SCRIPT, Language::TypeScript),
        [
            "function add 7-11 6",
            "function inner[add] 9-9 1",
            "constant MAX 13-13",
            "function twice 14-14 1",
            "function plus 15-17 1",
            "class Shape 19-26",
            "method handler[Shape] 22-22 1",
            "method constructor[Shape] 23-23 1",
            "method area[Shape] 24-24 2",
            "interface Point 27-27",
            "type Names 28-29",
            "enum Color 30-30",
            "function last 31-31 1"
        ]
    );
    assert_eq!(
        imports(SCRIPT, Language::TypeScript),
        ["./all all", "./side.css css", "fs fs", "react React", "react X", "react use"]
    );
    assert_eq!(calls(SCRIPT, Language::TypeScript, "handler"), ["self.area"]);
    assert_eq!(calls(SCRIPT, Language::TypeScript, "area"), ["test", "Log.write"]);
    let outline = read(SCRIPT, Language::TypeScript);
    assert_eq!(outline.units[0].doc, "Adds.");
    assert_eq!(outline.units[0].signature, "export async function add(a: number, b = (1 + 2)): Promise<{ a: number }>");
}

const GO: &str = r#"package main

import (
	"fmt"
	str "strings"
)

const (
	A = iota
	B
)

// Server serves.
type Server struct {
	name string
}
type Handler interface { Serve(x int) error }

// Run runs.
func (s *Server) Run(in map[string]struct{}) (interface{}, error) {
	for i := 0; i < 3 && s.ok(); i++ {
		fmt.Println(str.ToUpper(s.name))
	}
	return nil, nil
}

func main() { go New[int](1) }
"#;

#[test]
fn go() {
    assert_eq!(
        units(GO, Language::Go),
        [
            "constant A 9-9",
            "constant B 10-10",
            "struct Server 14-16",
            "interface Handler 17-17",
            "method Run[Server] 20-25 3",
            "function main 27-27 1"
        ]
    );
    assert_eq!(imports(GO, Language::Go), ["fmt fmt", "strings str"]);
    assert_eq!(calls(GO, Language::Go, "Run"), ["fmt.Println", "str.ToUpper", "ok"]);
    let outline = read(GO, Language::Go);
    assert_eq!(outline.units[4].signature, "func (s *Server) Run(in map[string]struct{}) (interface{}, error)");
    assert_eq!((outline.units[2].doc.as_str(), outline.units[4].doc.as_str()), ("Server serves.", "Run runs."));
}

const JAVA: &str = r#"package a.b;
import java.util.List;
import static java.lang.Math.*;

/** A shape. */
@Entity(name = "x")
public class Shape<T> extends Base implements A, B {
    private final int[] sides = { 1, 2 };
    private Runnable r = () -> { no(); };
    static { init(); }

    @Override
    public List<String> area(int a) throws E {
        if (a > 1) { return Helper.of(a); }
        try { this.walk(); } catch (E e) { }
        return null;
    }
    Shape() { super(); }
    abstract int later(String s);
    enum Color { RED(1), BLUE(2) { int x() { return 1; } }; int code() { return 0; } }
    interface Inner { void call(); }
}
record Point(int x, int y) { int sum() { return x + y; } }
"#;

#[test]
fn java() {
    assert_eq!(
        units(JAVA, Language::Java),
        [
            "class Shape 7-22",
            "method area[Shape] 13-17 3",
            "method Shape[Shape] 18-18 1",
            "method later[Shape] 19-19",
            "enum Color[Shape] 20-20",
            "method code[Color] 20-20 1",
            "interface Inner[Shape] 21-21",
            "method call[Inner] 21-21",
            "class Point 23-23",
            "method sum[Point] 23-23 1"
        ]
    );
    assert_eq!(imports(JAVA, Language::Java), ["java.lang.Math *", "java.util.List List"]);
    assert_eq!(calls(JAVA, Language::Java, "area"), ["Helper.of", "self.walk"]);
    assert_eq!(read(JAVA, Language::Java).units[0].doc, "A shape.");
}

const CPP: &str = r#"#include <vector>
#include "a/b.h"
#define GUARD_H
#define MAX(a, b) \
    ((a) > (b))
namespace geo {
template <typename T, class U = int>
class Shape : public Base<T> {
public:
    Shape(int a) : a_{a}, b_(2) { init(); }
    ~Shape();
    bool operator==(const Shape& o) const { return a_ == o.a_; }
    virtual int area() const = 0;
private:
    int a_{1};
};
}
static struct point make(int x) {
    switch (x) { case 1: return one(); default: break; }
    while (x && p->next()) { geo::run(x); }
    return (struct point){ x };
}
int geo::Shape::area() const { return 1; }
typedef struct { int x; } point_t;
enum class Color : int { Red };
struct node { struct node *next; } *head;
int plain(void);
extern "C" {
void visible(int);
}
FOO(x);
int table[] = { 1, 2 };
"#;

#[test]
fn cpp() {
    assert_eq!(
        units(CPP, Language::Cpp),
        [
            "macro MAX 4-5",
            "module geo 6-17",
            "class Shape[geo] 8-16",
            "method Shape[Shape] 10-10 1",
            "method operator==[Shape] 12-12 1",
            "method area[Shape] 13-13",
            "function make 18-22 4",
            "method area[Shape] 23-23 1",
            "struct point_t 24-24",
            "enum Color 25-25",
            "struct node 26-26",
            "function plain 27-27",
            "function visible 29-29"
        ]
    );
    assert_eq!(imports(CPP, Language::Cpp), ["a/b.h b.h", "vector vector"]);
    assert_eq!(calls(CPP, Language::Cpp, "make"), ["next", "one", "geo.run"]);
}

const RUST: &str = r#"use std::{fmt::{self, Display}, io as i};

/// A shape.
#[derive(Debug)]
pub struct Shape<'a>(&'a str);

impl<'a, T: Fn() -> u8> fmt::Display for Shape<'a> where T: Copy {
    /// Shows.
    pub(crate) async fn show(&self) -> [u8; 4] {
        match self { A => go()?, B if x && y => vec![1], }
        fn inner() {}
        Self::of(1)
    }
}
pub const MAX: u32 = 1;
mod m { pub trait T { fn f(&self); } }
macro_rules! mine { ($x:expr) => { fn no() {} } }
"#;

#[test]
fn rust() {
    assert_eq!(
        units(RUST, Language::Rust),
        [
            "struct Shape 5-5",
            "impl Shape 7-14",
            "method show[Shape] 9-13 6",
            "function inner[show] 11-11 1",
            "constant MAX 15-15",
            "module m 16-16",
            "trait T[m] 16-16",
            "method f[T] 16-16",
            "macro mine 17-17"
        ]
    );
    assert_eq!(imports(RUST, Language::Rust), ["std::fmt fmt", "std::fmt::Display Display", "std::io i"]);
    assert_eq!(calls(RUST, Language::Rust, "show"), ["go", "self.of", "vec"]);
    let outline = read(RUST, Language::Rust);
    assert_eq!((outline.units[0].doc.as_str(), outline.units[2].doc.as_str()), ("A shape.", "Shows."));
    assert_eq!(outline.units[2].signature, "pub(crate) async fn show(&self) -> [u8; 4]");
}

#[test]
fn deep_and_broken_texts_end() {
    for (language, name) in LANGUAGES {
        for piece in [
            "(",
            "{",
            "class A {",
            "fn a() {",
            "namespace a {",
            "function f() {",
            "<",
            "`${",
            "impl<",
            "if ",
            "template <",
        ] {
            let text = piece.repeat(20_000);
            let outline = read(&text, language);
            assert!(outline.units.len() <= 20_000, "{name}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "[a-z(){}\\[\\]<>;:,='\"`/*#@!.?&| \n\\\\é]{0,200}") {
        for (language, _) in LANGUAGES {
            let outline = read(&text, language);
            for (at, unit) in outline.units.iter().enumerate() {
                prop_assert!(unit.first <= unit.last && unit.container.is_none_or(|container| container < at));
            }
        }
    }

    #[test]
    fn words_of_languages_in_any_order_are_read(words in proptest::collection::vec("fn|def|class|func|function|\\(|\\)|\\{|\\}|=|=>|;|:|import|from|a|B|<|>|,|\n|  |impl|for|struct|enum|type|const|@|\\*|'x'|namespace|operator|typedef", 0..60)) {
        let text = words.join(" ");
        for (language, _) in LANGUAGES {
            let outline = read(&text, language);
            for (at, unit) in outline.units.iter().enumerate() {
                prop_assert!(unit.first <= unit.last && unit.container.is_none_or(|container| container < at));
            }
        }
    }
}
