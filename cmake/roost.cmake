# Compiler settings and the helper functions that every folder's CMakeLists.txt uses.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY)

if(ROOST_CCACHE)
  find_program(CCACHE_PROGRAM ccache)
  if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  endif()
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(zstd REQUIRED CONFIG)
find_package(CAF 0.17.6 REQUIRED COMPONENTS core)
find_package(re2 QUIET CONFIG)
if(NOT TARGET re2::re2)
  find_library(RE2_LIBRARY re2 REQUIRED)
  add_library(re2::re2 UNKNOWN IMPORTED)
  set_target_properties(re2::re2 PROPERTIES IMPORTED_LOCATION ${RE2_LIBRARY})
endif()
if(ROOST_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# Flags for our own code only: system headers stay out of -Werror.
add_library(roost_options INTERFACE)
target_compile_options(
  roost_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
                          -Woverloaded-virtual -fno-omit-frame-pointer)
target_compile_definitions(
  roost_options
  INTERFACE BOOST_ASIO_NO_DEPRECATED
            BOOST_ASIO_DISABLE_BOOST_COROUTINE
            ROOST_VERSION="${PROJECT_VERSION}"
            $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_compile_options(roost_options INTERFACE $<$<CONFIG:Release>:-fstack-protector-strong>)
# GCC 12 gives false positives in inlined standard library code at -O2.
target_compile_options(
  roost_options
  INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overread
            -Wno-stringop-overflow -Wno-array-bounds>)
if(ROOST_SANITIZE)
  target_compile_options(roost_options INTERFACE -fsanitize=${ROOST_SANITIZE}
                                                 -fno-sanitize-recover=all)
  target_link_options(roost_options INTERFACE -fsanitize=${ROOST_SANITIZE})
endif()
if(ROOST_COVERAGE)
  target_compile_options(roost_options INTERFACE --coverage -O0)
  target_link_options(roost_options INTERFACE --coverage)
endif()
target_include_directories(roost_options INTERFACE ${PROJECT_SOURCE_DIR})

# roost_library(name SOURCES ... DEPS ... [PRIVATE_DEPS ...])
# Without SOURCES: a header-only (interface) library.
function(roost_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC roost_options ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE roost_options ${arg_DEPS})
  endif()
endfunction()

# roost_program(name SOURCES ... DEPS ...)
function(roost_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE roost_options ${arg_DEPS})
endfunction()

# roost_test(name SOURCES ... DEPS ... [LABEL unit]): a GoogleTest program whose cases are CTest tests.
function(roost_test name)
  if(NOT ROOST_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE roost_options ${arg_DEPS} GTest::gtest GTest::gmock
                                        GTest::gtest_main)
  target_compile_definitions(
    ${name} PRIVATE ROOST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ROOST_BUILD_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${arg_LABEL} TIMEOUT
                                                               ${arg_TIMEOUT})
endfunction()
