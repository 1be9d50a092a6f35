//! Modules made by hand: every byte of the format that has a meaning, with every value; numbers around every limit.

mod texts;

use wasmote::Feature;

/// A module, and what it is about.
pub struct Edge {
    /// For messages.
    pub name: String,
    /// The module.
    pub bytes: Vec<u8>,
    /// The refused feature that it is valid with.
    pub refused: Option<Feature>,
}

/// All of them.
pub fn all() -> Vec<Edge> {
    let mut edges = Edges(Vec::new());
    edges.header();
    edges.sections();
    edges.numbers();
    edges.types();
    edges.items();
    edges.segments();
    edges.operators();
    edges.memory_accesses();
    edges.control();
    edges.limits();
    edges.texts();
    edges.0
}

const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// LEB128, with so many bytes at least.
fn leb_of(mut value: u64, min_len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = value as u8 & 0x7F;
        value >>= 7;
        let more = value != 0 || bytes.len() + 1 < min_len;
        bytes.push(if more { low | 0x80 } else { low });
        if !more {
            return bytes;
        }
    }
}

fn leb(value: usize) -> Vec<u8> {
    leb_of(value as u64, 1)
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    join(&[&leb(bytes.len()), bytes])
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    join(&[&[id], &sized(contents)])
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    join(&[EMPTY, &sections.concat()])
}

/// A module with all kinds of items and one function of type `[] -> []` with this body (declarations of locals and
/// operators, without the last `end`).
fn with_body(body: &[u8]) -> Vec<u8> {
    module(&[
        section(1, &[2, 0x60, 0, 0, 0x60, 1, 0x7F, 1, 0x7F]),
        section(3, &[1, 0]),
        section(4, &[2, 0x70, 0, 1, 0x6F, 0, 1]),
        section(5, &[1, 0, 1]),
        section(6, &[2, 0x7F, 0, 0x41, 0, 0x0B, 0x7F, 1, 0x41, 0, 0x0B]),
        section(9, &[1, 1, 0, 1, 0]),
        section(12, &[1]),
        section(10, &join(&[&[1], &sized(&join(&[body, &[0x0B]]))])),
        section(11, &[1, 1, 1, 0xAA]),
    ])
}

/// As `with_body`, of operators alone.
fn with_ops(ops: &[u8]) -> Vec<u8> {
    with_body(&join(&[&[0], ops]))
}

struct Edges(Vec<Edge>);

impl Edges {
    fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.0.push(Edge { name: name.into(), bytes, refused: None });
    }

    fn refused(&mut self, name: impl Into<String>, bytes: Vec<u8>, feature: Feature) {
        self.0.push(Edge { name: name.into(), bytes, refused: Some(feature) });
    }

    fn header(&mut self) {
        for len in 0..=8 {
            self.add(format!("header of {len} bytes"), EMPTY[..len].to_vec());
        }
        for at in 0..8 {
            for value in [0, 1, 2, 0x0D, 0xFF] {
                let mut bytes = EMPTY.to_vec();
                bytes[at] = value;
                self.add(format!("header with byte {at} = {value}"), bytes);
            }
        }
    }

    fn sections(&mut self) {
        // Contents that are valid by themselves, or nearly.
        let sample = |id: u8| -> Vec<u8> {
            match id {
                0 => section(0, &[1, b'a', 1, 2, 3]),
                8 => section(8, &[0]),
                12 => section(12, &[0]),
                _ => section(id, &[0]),
            }
        };
        for first in 0..=16 {
            self.add(format!("section {first}"), module(&[sample(first)]));
            self.add(format!("section {first} without contents"), module(&[section(first, &[])]));
            self.add(format!("section {first} with a byte too many"), module(&[section(first, &[0, 0])]));
            for second in 0..=13 {
                self.add(format!("sections {first}, {second}"), module(&[sample(first), sample(second)]));
                let between = module(&[sample(first), sample(0), sample(second)]);
                self.add(format!("sections {first}, custom, {second}"), between);
            }
        }
        for (functions, bodies) in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1)] {
            let types = section(1, &[1, 0x60, 0, 0]);
            let list = section(3, &join(&[&[functions], &vec![0; functions.into()]]));
            let code = section(10, &join(&[&[bodies], &[2, 0, 0x0B].repeat(bodies.into())]));
            self.add(
                format!("{functions} functions, {bodies} bodies"),
                module(&[types.clone(), list.clone(), code]),
            );
            self.add(format!("{functions} functions, no code section"), module(&[types, list]));
        }
        for (count, segments) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)] {
            let data = section(11, &join(&[&[segments], &[1, 0].repeat(segments.into())]));
            self.add(
                format!("data count {count}, {segments} segments"),
                module(&[section(12, &[count]), data]),
            );
            self.add(format!("data count {count}, no data section"), module(&[section(12, &[count])]));
        }
        for len in [0, 1, 2, 5, 127, 128] {
            self.add(
                format!("custom section with a name of {len}"),
                module(&[section(0, &join(&[&[len], b"abcd"]))]),
            );
        }
        for id in [0u8, 1, 3, 10] {
            for len in [1, 2, 0x7F, 0xFFFF, 0xFFFF_FFFF, 0x1_0000_0000] {
                self.add(
                    format!("section {id} said to have {len} bytes"),
                    join(&[EMPTY, &[id], &leb_of(len, 1)]),
                );
            }
        }
        // Names of all forms of UTF-8.
        for text in texts::NAMES {
            self.add(format!("custom section {text:x?}"), module(&[section(0, &sized(text))]));
            let import = join(&[&[1], &sized(text), &sized(b""), &[3, 0x7F, 0]]);
            self.add(format!("import from {text:x?}"), module(&[section(2, &import)]));
            let memory = section(5, &[1, 0, 1]);
            let export = section(7, &join(&[&[1], &sized(text), &[2, 0]]));
            self.add(format!("export {text:x?}"), module(&[memory, export]));
        }
    }

    /// LEB128 of all lengths, in the places that differ in size and sign.
    fn numbers(&mut self) {
        let ends = [
            0u8, 1, 3, 4, 7, 8, 0x0F, 0x10, 0x1F, 0x3F, 0x40, 0x47, 0x48, 0x70, 0x77, 0x78, 0x7B, 0x7E, 0x7F,
        ];
        for len in 1..=11 {
            for fill in [0x80, 0xFF, 0x8A] {
                for end in ends {
                    let mut number = vec![fill; len - 1];
                    number.push(end);
                    let name = format!("number {number:x?}");
                    self.add(format!("{name} as i32.const"), with_ops(&join(&[&[0x41], &number, &[0x1A]])));
                    self.add(format!("{name} as i64.const"), with_ops(&join(&[&[0x42], &number, &[0x1A]])));
                    self.add(format!("{name} as block type"), with_ops(&join(&[&[0x02], &number, &[0x0B]])));
                    self.add(format!("{name} as label"), with_ops(&join(&[&[0x0C], &number])));
                    self.add(
                        format!("{name} as offset"),
                        with_ops(&join(&[&[0x41, 0, 0x28, 2], &number, &[0x1A]])),
                    );
                    self.add(
                        format!("{name} as alignment"),
                        with_ops(&join(&[&[0x41, 0, 0x28], &number, &[0, 0x1A]])),
                    );
                    self.add(format!("{name} as sub-opcode"), with_ops(&join(&[&[0xFC], &number])));
                    self.add(
                        format!("{name} as memory index"),
                        with_ops(&join(&[&[0x3F], &number, &[0x1A]])),
                    );
                    self.add(format!("{name} as data index"), with_ops(&join(&[&[0xFC, 9], &number])));
                    self.add(
                        format!("{name} as count of locals"),
                        with_body(&join(&[&[1], &number, &[0x7F]])),
                    );
                    self.add(format!("{name} as section length"), join(&[EMPTY, &[0], &number, b"\x01a"]));
                    self.add(format!("{name} as minimum"), module(&[section(5, &join(&[&[1, 0], &number]))]));
                    self.add(format!("{name} as data count"), module(&[section(12, &number)]));
                    let flags = join(&[&[1], &number, &[1, 0]]);
                    self.add(format!("{name} as segment flags"), module(&[section(11, &flags)]));
                }
            }
        }
    }

    /// Every byte as a type, wherever one stands.
    fn types(&mut self) {
        for byte in 0..=255u8 {
            self.add(format!("type form {byte:#x}"), module(&[section(1, &[1, byte, 0, 0])]));
            self.add(format!("parameter {byte:#x}"), module(&[section(1, &[1, 0x60, 1, byte, 0])]));
            self.add(format!("result {byte:#x}"), module(&[section(1, &[1, 0x60, 0, 1, byte])]));
            self.add(format!("local {byte:#x}"), with_body(&[1, 1, byte]));
            self.add(format!("block type {byte:#x}"), with_ops(&[0x02, byte, 0x00, 0x0B, 0x00]));
            self.add(format!("select {byte:#x}"), with_ops(&[0x00, 0x1C, 1, byte, 0x00]));
            self.add(format!("ref.null {byte:#x}"), with_ops(&[0xD0, byte, 0x1A]));
            self.add(format!("table of {byte:#x}"), module(&[section(4, &[1, byte, 0, 0])]));
            self.add(
                format!("imported table of {byte:#x}"),
                module(&[section(2, &[1, 0, 0, 1, byte, 0, 0])]),
            );
            self.add(format!("imported global {byte:#x}"), module(&[section(2, &[1, 0, 0, 3, byte, 0])]));
            self.add(format!("mutability {byte:#x}"), module(&[section(2, &[1, 0, 0, 3, 0x7F, byte])]));
            self.add(format!("global {byte:#x}"), module(&[section(6, &[1, byte, 0, 0xD0, byte, 0x0B])]));
            self.add(format!("elements of {byte:#x}"), module(&[section(9, &[1, 5, byte, 0])]));
            self.add(format!("element kind {byte:#x}"), module(&[section(9, &[1, 1, byte, 0])]));
            self.add(format!("import kind {byte:#x}"), module(&[section(2, &[1, 0, 0, byte, 0x7F, 0])]));
            let memory = section(5, &[1, 0, 1]);
            self.add(format!("export kind {byte:#x}"), module(&[memory, section(7, &[1, 0, byte, 0])]));
            for bounds in [&[0u8][..], &[0, 0], &[1, 0], &[0, 1], &[0, 0, 0], &[0, 1, 16], &[0, 16]] {
                let limits = join(&[&[1, byte], bounds]);
                self.add(format!("memory limits {limits:x?}"), module(&[section(5, &limits)]));
                let limits = join(&[&[1, 0x70, byte], bounds]);
                self.add(format!("table limits {limits:x?}"), module(&[section(4, &limits)]));
            }
            self.add(format!("page size {byte}"), module(&[section(5, &[1, 8, 1, byte])]));
            // The constant expressions of one operator.
            for (ty, rest) in
                [(0x7F, &[][..]), (0x7F, &[0]), (0x7E, &[0]), (0x70, &[0]), (0x70, &[0x70]), (0x7D, &[0; 4])]
            {
                let global = join(&[&[1, ty, 0, byte], rest, &[0x0B]]);
                self.add(format!("constant expression {global:x?}"), module(&[section(6, &global)]));
                let global = join(&[&[1, ty, 0, 0x41, 0, 0x41, 0, byte], rest, &[0x0B]]);
                self.add(format!("constant expression {global:x?}"), module(&[section(6, &global)]));
            }
        }
        for (feature, text) in texts::REFUSED {
            match wat::parse_str(text) {
                Ok(bytes) => self.refused(*text, bytes, *feature),
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }

    /// Indices just inside and outside their spaces.
    fn items(&mut self) {
        let memory = || section(5, &[1, 0, 1]);
        for index in [0u8, 1, 2, 0x7F] {
            self.add(
                format!("type {index} of a function"),
                module(&[
                    section(1, &[1, 0x60, 0, 0]),
                    section(3, &[1, index]),
                    section(10, &[1, 2, 0, 0x0B]),
                ]),
            );
            self.add(
                format!("type {index} of an import"),
                module(&[section(1, &[1, 0x60, 0, 0]), section(2, &[1, 0, 0, 0, index])]),
            );
            self.add(
                format!("start {index}"),
                module(&[section(1, &[1, 0x60, 0, 0]), section(2, &[1, 0, 0, 0, 0]), section(8, &[index])]),
            );
            for kind in 0..5 {
                self.add(
                    format!("export of kind {kind}, index {index}"),
                    module(&[memory(), section(7, &[1, 0, kind, index])]),
                );
            }
            for op in [0x10u8, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0xD2] {
                self.add(format!("operator {op:#x}, index {index}"), with_ops(&[0x00, op, index, 0x00]));
                self.add(
                    format!("operator {op:#x}, index {index}, reachable"),
                    with_ops(&[0x41, 0, op, index]),
                );
            }
            for op in [0x11u8, 0x13] {
                for table in [0u8, 1, 2] {
                    self.add(
                        format!("operator {op:#x}, type {index}, table {table}"),
                        with_ops(&[0x00, op, index, table, 0x00]),
                    );
                }
            }
            for sub in 0x08..=0x12u8 {
                for other in [0u8, 1, 2] {
                    self.add(
                        format!("operator 0xfc {sub:#x}, {index}, {other}"),
                        with_ops(&[0x00, 0xFC, sub, index, other, 0x00]),
                    );
                }
                self.add(
                    format!("operator 0xfc {sub:#x}, {index}"),
                    with_ops(&[0x00, 0xFC, sub, index, 0x00]),
                );
            }
        }
        for (params, results) in [(0, 0), (1, 0), (0, 1)] {
            let ty = join(&[
                &[1, 0x60, params],
                &vec![0x7F; params.into()],
                &[results],
                &vec![0x7F; results.into()],
            ]);
            self.add(
                format!("start with {params} parameters, {results} results"),
                module(&[section(1, &ty), section(2, &[1, 0, 0, 0, 0]), section(8, &[0])]),
            );
        }
        for names in [["", ""], ["a", ""], ["a", "a"], ["a", "b"], ["ab", "a"]] {
            let exports =
                join(&[&[2], &sized(names[0].as_bytes()), &[2, 0], &sized(names[1].as_bytes()), &[2, 0]]);
            self.add(format!("exports {names:?}"), module(&[memory(), section(7, &exports)]));
        }
    }

    /// Segments of all flags, with contents that fit some of them.
    fn segments(&mut self) {
        let start = [
            section(1, &[1, 0x60, 0, 0]),
            section(2, &[1, 0, 0, 0, 0]),
            section(4, &[2, 0x70, 0, 1, 0x6F, 0, 1]),
            section(5, &[1, 0, 1]),
        ];
        let offset: &[u8] = &[0x41, 0, 0x0B];
        let (funcs, exprs): (&[u8], &[u8]) = (&[1, 0], &[1, 0xD2, 0, 0x0B]);
        let bodies: Vec<Vec<u8>> = vec![
            join(&[offset, funcs]),
            join(&[offset, exprs]),
            join(&[&[0], funcs]),
            join(&[&[0x70], exprs]),
            join(&[&[0x6F], exprs]),
            join(&[&[0x6F, 1, 0xD0, 0x6F, 0x0B]]),
            join(&[&[0], offset, &[0], funcs]),
            join(&[&[0], offset, &[0x70], exprs]),
            join(&[&[1], offset, &[0x6F], &[1, 0xD0, 0x6F, 0x0B]]),
            join(&[&[1], offset, &[0x70], exprs]),
            join(&[&[2], offset, &[0], funcs]),
            vec![0],
            vec![],
            vec![1, 0xAA],
            join(&[&[0], offset, &[0]]),
            join(&[&[1], offset, &[0]]),
            join(&[offset, &[0]]),
            join(&[&[0x42, 0, 0x0B], &[0]]),
            join(&[&[0x0B], &[0]]),
        ];
        for flags in 0..=16u8 {
            for body in &bodies {
                let segment = join(&[&[1, flags], body]);
                let name = format!("{segment:x?}");
                self.add(format!("elements {name}"), module(&[&start[..], &[section(9, &segment)]].concat()));
                self.add(format!("elements {name} without table"), module(&[section(9, &segment)]));
                self.add(format!("data {name}"), module(&[&start[..], &[section(11, &segment)]].concat()));
                self.add(format!("data {name} without memory"), module(&[section(11, &segment)]));
            }
        }
    }

    /// Every opcode, in code that cannot be reached, with immediates of a few lengths, and on a stack of each type.
    fn operators(&mut self) {
        let pushes: [&[u8]; 7] = [
            &[],
            &[0x41, 0],
            &[0x42, 0],
            &[0x43, 0, 0, 0, 0],
            &[0x44, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xD0, 0x70],
            &[0xD0, 0x6F],
        ];
        let prefixed = (0..=40u8).map(|sub| vec![0xFC, sub]);
        for op in (0..=255u8).map(|op| vec![op]).chain(prefixed) {
            for immediates in 0..=3 {
                let ops = join(&[&op, &vec![0; immediates]]);
                self.add(
                    format!("operator {ops:x?}, unreachable"),
                    with_ops(&join(&[&[0x00], &ops, &[0x00]])),
                );
                for first in pushes {
                    for second in pushes {
                        let code = join(&[first, second, &ops, &[0x00]]);
                        self.add(format!("operators {code:x?}"), with_ops(&code));
                    }
                    let three = join(&[first, &[0x41, 0], first, &ops, &[0x00]]);
                    self.add(format!("operators {three:x?}"), with_ops(&three));
                    // Exactly what the operator leaves must be there to be dropped.
                    let drop = join(&[first, first, &ops, &[0x1A]]);
                    self.add(format!("operators {drop:x?}"), with_ops(&drop));
                    let drop = join(&[first, &ops, &[0x1A]]);
                    self.add(format!("operators {drop:x?}"), with_ops(&drop));
                }
            }
        }
    }

    fn memory_accesses(&mut self) {
        for op in 0x28..=0x3Eu8 {
            for align in 0..=10u8 {
                self.add(
                    format!("access {op:#x} aligned to 2^{align}"),
                    with_ops(&[0x00, op, align, 0, 0x00]),
                );
            }
            for align in [0x3F, 0x40, 0x41, 0x42, 0x7F] {
                self.add(
                    format!("access {op:#x} with flags {align:#x}"),
                    with_ops(&[0x00, op, align, 0, 0, 0x00]),
                );
            }
            let no_memory = module(&[
                section(1, &[1, 0x60, 0, 0]),
                section(3, &[1, 0]),
                section(10, &join(&[&[1], &sized(&[0, 0x00, op, 0, 0, 0x00, 0x0B])])),
            ]);
            self.add(format!("access {op:#x} without memory"), no_memory);
        }
    }

    fn control(&mut self) {
        let openings: [&[u8]; 6] = [
            &[0x02, 0x40],
            &[0x03, 0x40],
            &[0x41, 0, 0x04, 0x40],
            &[0x02, 0x7F],
            &[0x03, 0x7F],
            &[0x41, 0, 0x04, 0x7F],
        ];
        let ends: [&[u8]; 8] = [
            &[],
            &[0x0B],
            &[0x05, 0x0B],
            &[0x05, 0x05, 0x0B],
            &[0x41, 0, 0x0B],
            &[0x41, 0, 0x05, 0x41, 0, 0x0B],
            &[0x00, 0x05, 0x0B],
            &[0x00, 0x0B],
        ];
        for opening in openings {
            for end in ends {
                for after in [&[][..], &[0x1A], &[0x0B]] {
                    let code = join(&[opening, end, after]);
                    self.add(format!("control {code:x?}"), with_ops(&code));
                }
                for second in openings {
                    for branch in [
                        &[0x0C, 0][..],
                        &[0x0C, 1],
                        &[0x0C, 2],
                        &[0x41, 0, 0x0D, 0],
                        &[0x41, 0, 0x41, 0, 0x0D, 1],
                        &[0x41, 0, 0x0E, 1, 0, 1],
                        &[0x0F],
                    ] {
                        let code = join(&[opening, second, branch, end, end]);
                        self.add(format!("control {code:x?}"), with_ops(&code));
                    }
                }
            }
        }
        for depth in [1, 100, 1000, 10_000] {
            self.add(
                format!("{depth} blocks"),
                with_ops(&[[0x02, 0x40].repeat(depth), vec![0x0B; depth]].concat()),
            );
            self.add(
                format!("{depth} blocks, {depth} ends less one"),
                with_ops(&[[0x02, 0x40].repeat(depth), vec![0x0B; depth - 1]].concat()),
            );
            let table = join(&[&[0x41, 0, 0x0E], &leb(depth), &vec![0; depth + 1]]);
            self.add(format!("br_table of {depth}"), with_ops(&table));
            self.add(format!("br_table of {depth}, one missing"), with_ops(&table[..table.len() - 1]));
        }
        for count in [0xFFFF_FFFF, 0x7FFF_FFFF, 1_000_001] {
            self.add(
                format!("br_table said to have {count}"),
                with_ops(&join(&[&[0x41, 0, 0x0E], &leb(count), &[0, 0]])),
            );
        }
    }

    /// Numbers around the limits that both have.
    fn limits(&mut self) {
        for count in [999, 1000, 1001] {
            let values = join(&[&leb(count), &vec![0x7F; count]]);
            self.add(
                format!("{count} parameters"),
                module(&[section(1, &join(&[&[1, 0x60], &values, &[0]]))]),
            );
            self.add(format!("{count} results"), module(&[section(1, &join(&[&[1, 0x60, 0], &values]))]));
        }
        for count in [49_999, 50_000, 50_001, 0xFFFF_FFFF] {
            self.add(format!("{count} locals"), with_body(&join(&[&[1], &leb(count), &[0x7F]])));
            self.add(
                format!("{count} locals and one"),
                with_body(&join(&[&[2], &leb(count), &[0x7F], &[1, 0x7E]])),
            );
            self.add(
                format!("1 local and {count}"),
                with_body(&join(&[&[2, 1, 0x7E], &leb(count), &[0x7F]])),
            );
        }
        for count in [32_766, 32_767, 32_768, 40_000] {
            // Two cells each: the frame's limit is wasmote's own.
            self.add(format!("{count} locals of two cells"), with_body(&join(&[&[1], &leb(count), &[0x7E]])));
        }
        for count in [30, 31, 32, 33, 34, 100] {
            let expr = join(&[&[0x41, 1].repeat(count), &vec![0x6A; count - 1], &[0x0B]]);
            self.add(
                format!("constant expression {count} deep"),
                module(&[section(6, &join(&[&[1, 0x7F, 0], &expr]))]),
            );
        }
        for count in [99, 100, 101, 200] {
            self.add(
                format!("{count} tables"),
                module(&[section(4, &join(&[&leb(count), &[0x70, 0, 0].repeat(count)]))]),
            );
        }
        for size in [9_999_999u64, 10_000_000, 10_000_001, 0xFFFF_FFFF] {
            let size = leb_of(size, 1);
            self.add(format!("table of {size:x?}"), module(&[section(4, &join(&[&[1, 0x70, 0], &size]))]));
            self.add(
                format!("table up to {size:x?}"),
                module(&[section(4, &join(&[&[1, 0x70, 1, 0], &size]))]),
            );
        }
        for size in [65_535u64, 65_536, 65_537, 0xFFFF_FFFF] {
            let size = leb_of(size, 1);
            for (flags, page) in [(0u8, &[][..]), (8, &[0]), (8, &[16])] {
                self.add(
                    format!("memory of {size:x?}, pages {page:?}"),
                    module(&[section(5, &join(&[&[1, flags], &size, page]))]),
                );
                self.add(
                    format!("memory up to {size:x?}, pages {page:?}"),
                    module(&[section(5, &join(&[&[1, flags | 1, 0], &size, page]))]),
                );
            }
        }
        for count in [1_000_000usize, 1_000_001, 0xFFFF_FFFF] {
            for id in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11] {
                self.add(
                    format!("section {id} said to have {count} items"),
                    module(&[section(id, &leb(count))]),
                );
            }
        }
    }

    /// What is easier to write as text.
    fn texts(&mut self) {
        for text in texts::TEXTS {
            match wat::parse_str(text) {
                Ok(bytes) => self.add(*text, bytes),
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }
}
