# Compiler, standard, warnings, hardening. Included once by the top-level list.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines; use clang 16 (./dev build does) or GCC 14")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)

find_program(CCACHE ccache)
if(CCACHE)
    # Relative paths, so that a second checkout finds what the first compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
        CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror=return-type -Werror=unused-result
    -Werror=switch -Wno-missing-field-initializers -fdebug-compilation-dir=. -fno-omit-frame-pointer)
add_compile_definitions(_GLIBCXX_ASSERTIONS _GNU_SOURCE)
# A library that nothing calls is not loaded: each costs its pages and its relocations in every daemon.
add_link_options(-fuse-ld=mold -Wl,--as-needed)

option(VIRTUE_WERROR "warnings are errors" ON)
if(VIRTUE_WERROR)
    add_compile_options(-Werror)
endif()

set(VIRTUE_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")
if(VIRTUE_SANITIZE)
    add_compile_options(-fsanitize=${VIRTUE_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${VIRTUE_SANITIZE})
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection -ffunction-sections -fdata-sections)
    add_link_options(-Wl,-z,relro,-z,now -Wl,--gc-sections)
endif()
