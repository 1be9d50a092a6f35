//! The macro-assembler: numbers.
