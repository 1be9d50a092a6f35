# wasmote_embed(<target> <file> <symbol>)
#
# Makes the bytes of a file, a .wasm module for one, a constant of the target's program:
#   extern const unsigned char <symbol>[];
#   extern const size_t <symbol>_size;
# A build that finds the file changed makes it anew. Needs nothing but CMake and the C compiler.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    # The build's step: cmake -DFILE=... -DSYMBOL=... -DOUTPUT=... -P this-file
    file(READ "${FILE}" bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(WRITE "${OUTPUT}"
         "#include <stddef.h>\n\n"
         "extern const unsigned char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_size;\n\n"
         "const unsigned char ${SYMBOL}[] = {\n    ${bytes}\n};\nconst size_t ${SYMBOL}_size = sizeof ${SYMBOL};\n")
    return()
endif()

include_guard(GLOBAL)

function(wasmote_embed target file symbol)
    get_filename_component(file "${file}" ABSOLUTE)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.c")
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DFILE=${file}" -DSYMBOL=${symbol} "-DOUTPUT=${output}" -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        DEPENDS "${file}" "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        COMMENT "Embedding ${file}" VERBATIM)
    target_sources(${target} PRIVATE "${output}")
endfunction()
