# wasmote_rust_application()
#
# For an application in Rust, in the place of zephyr-lang-rust's rust_cargo_application(), which it calls:
#
#   find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
#   project(app)
#   wasmote_rust_application()
#
# The application's Cargo.toml depends on the crate wasmote by its path, and chooses the crate's features: they are what
# most of Kconfig's options are for an application in C. Of those, CONFIG_WASMOTE=y (the platform functions that the
# crate calls), CONFIG_WASMOTE_POOL_SIZE (where memory comes from), CONFIG_WASMOTE_JIT with its CONFIG_WASMOTE_JIT_CODE_SIZE
# (memory for compiled code; the crate's feature `jit` is the compiler) and the log's level remain. The profile `release`
# should have `lto = true` and `codegen-units = 1`, or the firmware is larger and slower than it need be.
function(wasmote_rust_application)
  if(NOT COMMAND rust_cargo_application)
    message(FATAL_ERROR "wasmote: this application is written in Rust, but zephyr-lang-rust is not in the workspace. "
                        "Do: west config manifest.group-filter -- +optional && west update zephyr-lang-rust")
  endif()
  if(NOT CONFIG_RUST)
    message(FATAL_ERROR "wasmote: this application is written in Rust: set CONFIG_RUST=y")
  endif()
  rust_cargo_application()
endfunction()
