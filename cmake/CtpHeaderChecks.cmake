# Two checks on headers. That each one compiles alone is CMake's own: target all_verify_interface_header_sets.

# ctp_check_links_twice(<target> <headers...>): two files include everything; a function without 'inline' is then
# defined twice and the program does not link. The compiler's warnings and clang-tidy see every header in this one unit.
function(ctp_check_links_twice target)
  set(all "")
  foreach(header IN LISTS ARGN)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/include")
    string(APPEND all "#include <${header}>\n")
  endforeach()
  file(CONFIGURE OUTPUT links_twice_a.cpp CONTENT "${all}int main() { return 0; }\n" @ONLY)
  file(CONFIGURE OUTPUT links_twice_b.cpp CONTENT "${all}" @ONLY)
  add_executable(links_twice "${CMAKE_CURRENT_BINARY_DIR}/links_twice_a.cpp" "${CMAKE_CURRENT_BINARY_DIR}/links_twice_b.cpp")
  target_link_libraries(links_twice PRIVATE ${target} ctp_program_options)
  add_test(NAME links_twice COMMAND links_twice)
endfunction()

# ctp_check_cuda_headers(<headers...>): compiles each .cuh alone, included twice. CMake's own check leaves CUDA headers
# out.
function(ctp_check_cuda_headers)
  set(units "")
  foreach(header IN LISTS ARGN)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/include")
    set(unit "${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.cu")
    file(CONFIGURE OUTPUT "${unit}" CONTENT "#include <${header}>\n#include <${header}>\n" @ONLY)
    list(APPEND units "${unit}")
  endforeach()
  if(units)
    add_library(ctp_cuda_headers OBJECT ${units})
    target_link_libraries(ctp_cuda_headers PRIVATE ctp::cuda)
    ctp_set_test_architectures(ctp_cuda_headers)
  endif()
endfunction()
