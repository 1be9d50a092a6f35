# wasmote_rust_application()
#
# For an application written in Rust with zephyr-lang-rust, in place of its rust_cargo_application(). The application's
# Cargo.toml depends on the crate wasmote, by its path, and chooses its features: they are what Kconfig's options are in
# an application in C. From the module come the platform functions that the crate calls: CONFIG_WASMOTE=y, and
# CONFIG_WASMOTE_POOL_SIZE says where memory comes from.
function(wasmote_rust_application)
  if(NOT COMMAND rust_cargo_application)
    message(FATAL_ERROR "wasmote: ${CMAKE_CURRENT_SOURCE_DIR} is an application in Rust, and zephyr-lang-rust is not in "
                        "this workspace. Do: west config manifest.group-filter -- +optional && west update")
  endif()
  if(NOT CONFIG_RUST)
    message(FATAL_ERROR "wasmote: an application in Rust needs CONFIG_RUST=y")
  endif()
  rust_cargo_application()

  # zephyr-lang-rust's build of the application rewrites nothing if only a crate outside of it has changed...
endfunction()
