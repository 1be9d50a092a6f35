//! Feature groups: WebAssembly proposals that a firmware may leave out, and those that wasmote does
//! not have yet and refuses by name.

use crate::packed;
use crate::texts::Message;

/// A group of WebAssembly features, or a proposal that is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Feature {
    /// WebAssembly 1.0 without floating point, with mutable globals.
    Mvp,
    /// f32 and f64 and their operators.
    Float,
    /// `i32.extend8_s` and its kin.
    SignExtension,
    /// `i32.trunc_sat_f32_s` and its kin.
    SaturatingFloat,
    /// Several results, and block parameters.
    MultiValue,
    /// `memory.copy`, `memory.fill`, `memory.init`, `data.drop`, `table.copy`, `table.init`, `elem.drop`.
    BulkMemory,
    /// `externref`, `funcref` as values, several tables, the table instructions.
    ReferenceTypes,
    /// Integer arithmetic in constant expressions.
    ExtendedConst,
    /// `return_call`, `return_call_indirect`.
    TailCall,
    /// Memories with a page size of one byte.
    CustomPageSizes,
    /// v128. Refused.
    Simd,
    /// Shared memories and atomics. Refused.
    Threads,
    /// Struct and array types, typed function references. Refused.
    Gc,
    /// Tags, `try_table`, `throw`. Refused.
    Exceptions,
    /// 64-bit memories and tables. Refused.
    Memory64,
    /// More than one memory. Refused.
    MultiMemory,
    /// The component model. Refused.
    Components,
    /// 128-bit integer arithmetic. Refused.
    WideArithmetic,
}

impl Feature {
    /// The name of the proposal, as the specification's community writes it.
    pub fn name(self) -> Message {
        Message::of(
            packed!(concat!(
                "mvp\0",
                "floating-point\0",
                "sign-extension\0",
                "saturating-float-to-int\0",
                "multi-value\0",
                "bulk-memory\0",
                "reference-types\0",
                "extended-const\0",
                "tail-call\0",
                "custom-page-sizes\0",
                "simd\0",
                "threads\0",
                "gc\0",
                "exception-handling\0",
                "memory64\0",
                "multi-memory\0",
                "component-model\0",
                "wide-arithmetic\0",
            )),
            self as usize,
        )
    }

    /// Whether this build contains the feature. A constant, so that code for an absent feature is
    /// not linked.
    #[inline(always)]
    pub const fn compiled(self) -> bool {
        match self {
            Feature::Mvp => true,
            Feature::Float => cfg!(feature = "float"),
            Feature::SignExtension => cfg!(feature = "sign-extension"),
            Feature::SaturatingFloat => cfg!(feature = "saturating-float"),
            Feature::MultiValue => cfg!(feature = "multi-value"),
            Feature::BulkMemory => cfg!(feature = "bulk-memory"),
            Feature::ReferenceTypes => cfg!(feature = "reference-types"),
            Feature::ExtendedConst => cfg!(feature = "extended-const"),
            Feature::TailCall => cfg!(feature = "tail-call"),
            Feature::CustomPageSizes => cfg!(feature = "custom-page-sizes"),
            Feature::Simd
            | Feature::Threads
            | Feature::Gc
            | Feature::Exceptions
            | Feature::Memory64
            | Feature::MultiMemory
            | Feature::Components
            | Feature::WideArithmetic => false,
        }
    }
}
