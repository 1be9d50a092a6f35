# A firmware whose application is written in Rust: one static library holds it and wasmote, since two Rust libraries in
# one image would both bring their core, panic handler and allocator.
#
#   wasmote_build_rust_application(<target> <Cargo.toml> RUST_TARGET <triple>)
#
# makes an imported library of the package's static library, in the profile `release`.
include_guard(GLOBAL)

function(wasmote_build_rust_application target manifest)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "RUST_TARGET" "")
    _wasmote_check_rust(${arg_RUST_TARGET})
    get_filename_component(folder "${manifest}" DIRECTORY)
    execute_process(
        COMMAND "${WASMOTE_CARGO}" metadata --no-deps --format-version 1 --manifest-path "${manifest}"
        WORKING_DIRECTORY "${folder}"
        OUTPUT_VARIABLE metadata ERROR_VARIABLE error RESULT_VARIABLE result)
    if(NOT metadata MATCHES "\"crate_types\":\\[[^]]*\"staticlib\"[^]]*\\],\"name\":\"([^\"]+)\"")
        message(FATAL_ERROR "wasmote: ${manifest} makes no static library (crate-type = [\"staticlib\"]).\n${error}")
    endif()

    set(directory "${WASMOTE_CARGO_TARGET_DIR}")
    if(NOT directory)
        set(directory "${CMAKE_CURRENT_BINARY_DIR}/cargo")
    endif()
    set(archive "${directory}/${arg_RUST_TARGET}/release/lib${CMAKE_MATCH_1}.a")
    # Always run: cargo knows best whether something has changed, and leaves the archive alone if not.
    add_custom_target(${target}_cargo
        COMMAND "${WASMOTE_CARGO}" build --release --manifest-path "${manifest}" --target ${arg_RUST_TARGET}
                --target-dir "${directory}"
        BYPRODUCTS "${archive}"
        WORKING_DIRECTORY "${folder}" # for its .cargo/config.toml and toolchain
        COMMENT "${folder} for ${arg_RUST_TARGET}"
        USES_TERMINAL VERBATIM)
    add_library(${target} STATIC IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${archive}")
    add_dependencies(${target} ${target}_cargo)
endfunction()
