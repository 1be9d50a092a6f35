//! Where compiled code finds the fields of [`wasmote_core::vm`]'s structures, by the size of an address there.

/// Offsets in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Layout {
    // In a `VmCtx`.
    pub memory_base: i32,
    pub memory_len: i32,
    pub globals: i32,
    pub funcs: i32,
    pub fuel: i32,
    pub interrupt: i32,
    pub number: i32,
    pub import_funcs: i32,
    pub imports: i32,
    pub imported_globals: i32,
    pub tables: i32,
    pub instances: i32,
    pub stack: i32,
    pub builtins: i32,
    pub signature_matches: i32,
    pub stack_limit: i32,
    pub unwind: i32,
    pub compiled: i32,
    pub hosts: i32,
    // In a `StackVm`.
    pub control: i32,
    pub native_depth: i32,
    pub max_native_depth: i32,
    // In a `FuncRecord`.
    pub entry: i32,
    pub code: i32,
    pub ty: i32,
    /// Bytes of a `FuncRecord`.
    pub record: i32,
    // In a `TableVm`.
    pub elements: i32,
    pub len: i32,
}

/// A structure's fields, one behind the other.
struct Fields(i32);

impl Fields {
    const fn next(&mut self, size: i32) -> i32 {
        let at = (self.0 + size - 1) & -size;
        self.0 = at + size;
        at
    }
}

impl Layout {
    /// With addresses of so many bytes.
    pub const fn new(address: i32) -> Layout {
        let (mut ctx, mut stack, mut record, mut table) = (Fields(0), Fields(0), Fields(0), Fields(0));
        Layout {
            memory_base: ctx.next(address),
            memory_len: ctx.next(address),
            globals: ctx.next(address),
            funcs: ctx.next(address),
            fuel: ctx.next(8),
            interrupt: ctx.next(4),
            number: ctx.next(4),
            import_funcs: ctx.next(4),
            imports: ctx.next(address),
            imported_globals: ctx.next(address),
            tables: ctx.next(address),
            instances: ctx.next(address),
            stack: ctx.next(address),
            builtins: ctx.next(address),
            signature_matches: ctx.next(address),
            stack_limit: ctx.next(address),
            unwind: ctx.next(address),
            compiled: {
                // Behind `before`.
                ctx.next(address);
                ctx.next(address)
            },
            hosts: ctx.next(address),
            control: {
                // Behind `base` and `end`.
                stack.0 = 2 * address;
                stack.next(address)
            },
            native_depth: {
                // Behind `least_room`.
                stack.0 += address;
                stack.next(4)
            },
            max_native_depth: stack.next(4),
            entry: record.next(address),
            code: record.next(address),
            ty: {
                // Behind `frame_cells`.
                record.next(4);
                record.next(4)
            },
            record: (record.0 + address - 1) & -address,
            elements: table.next(address),
            len: table.next(4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;
    use core::mem::{offset_of, size_of};
    use wasmote_core::vm::{FuncRecord, StackVm, TableVm, VmCtx};

    /// The structures of this machine.
    #[test]
    fn this_machine() {
        let layout = Layout::new(size_of::<usize>() as i32);
        let ours = [
            (layout.memory_base, offset_of!(VmCtx, memory_base)),
            (layout.memory_len, offset_of!(VmCtx, memory_len)),
            (layout.globals, offset_of!(VmCtx, globals)),
            (layout.funcs, offset_of!(VmCtx, funcs)),
            (layout.fuel, offset_of!(VmCtx, fuel)),
            (layout.interrupt, offset_of!(VmCtx, interrupt)),
            (layout.number, offset_of!(VmCtx, number)),
            (layout.import_funcs, offset_of!(VmCtx, import_funcs)),
            (layout.imports, offset_of!(VmCtx, imports)),
            (layout.imported_globals, offset_of!(VmCtx, imported_globals)),
            (layout.tables, offset_of!(VmCtx, tables)),
            (layout.instances, offset_of!(VmCtx, instances)),
            (layout.stack, offset_of!(VmCtx, stack)),
            (layout.builtins, offset_of!(VmCtx, builtins)),
            (layout.signature_matches, offset_of!(VmCtx, signature_matches)),
            (layout.stack_limit, offset_of!(VmCtx, stack_limit)),
            (layout.unwind, offset_of!(VmCtx, unwind)),
            (layout.compiled, offset_of!(VmCtx, compiled)),
            (layout.hosts, offset_of!(VmCtx, hosts)),
            (layout.control, offset_of!(StackVm, control)),
            (layout.native_depth, offset_of!(StackVm, native_depth)),
            (layout.max_native_depth, offset_of!(StackVm, max_native_depth)),
            (layout.entry, offset_of!(FuncRecord, entry)),
            (layout.code, offset_of!(FuncRecord, code)),
            (layout.ty, offset_of!(FuncRecord, ty)),
            (layout.record, size_of::<FuncRecord>()),
            (layout.elements, offset_of!(TableVm, elements)),
            (layout.len, offset_of!(TableVm, len)),
        ];
        for (at, (ours, theirs)) in ours.into_iter().enumerate() {
            assert_eq!(ours as usize, theirs, "field {at}");
        }
    }
}
