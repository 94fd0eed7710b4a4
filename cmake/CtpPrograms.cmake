# Settings of our own programs (examples, tests and benchmarks), never of the library's targets.

# Compile options; link this PRIVATE.
add_library(ctp_program_options INTERFACE)
target_compile_options(ctp_program_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${CTP_WERROR}>>:-Werror>)
# g++ 12 warns about its own AVX-512 intrinsics (GCC bug 105593), about std::string at -O3 (GCC bug 105651) and about
# copies into vectors that were just given their size.
target_compile_options(ctp_program_options INTERFACE
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-uninitialized;-Wno-maybe-uninitialized;-Wno-restrict;-Wno-stringop-overflow>)
if(NOT CTP_WITH_OPENMP)
  target_compile_options(ctp_program_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-unknown-pragmas>)
endif()

# The same for units that nvcc compiles. Their host code must agree with the other units on OpenMP and on the processor.
if(CTP_WITH_CUDA)
  add_library(ctp_cuda_program_options INTERFACE)
  target_compile_options(ctp_cuda_program_options INTERFACE
    "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-restrict,-Wno-maybe-uninitialized>"
    "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${CTP_WERROR}>>:-Werror=all-warnings,cross-execution-space-call>")
  if(CTP_WITH_OPENMP)
    target_compile_options(ctp_cuda_program_options INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-fopenmp>")
    target_link_libraries(ctp_cuda_program_options INTERFACE OpenMP::OpenMP_CXX)
  endif()
endif()

# Everything a person runs, without tests and benchmarks: cmake --build ... --target programs
add_custom_target(programs)

# Every program with a unit for nvcc, tests and benchmarks included, and nothing else: cmake --build ... --target cuda
if(CTP_WITH_CUDA)
  add_custom_target(cuda)
endif()

# ctp_set_test_architectures(<target>): a test or a benchmark for CUDA, part of the target cuda.
function(ctp_set_test_architectures target)
  add_dependencies(cuda ${target})
  if(CTP_CUDA_TEST_ARCHITECTURES)
    set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES "${CTP_CUDA_TEST_ARCHITECTURES}")
  endif()
endfunction()
set(ctp_program_dir "${PROJECT_BINARY_DIR}/bin")

# ctp_find_program_packages(): CLI11 and yaml-cpp, which are for the programs alone, or a message that says how to get
# them. Call it where they are added.
macro(ctp_find_program_packages)
  ctp_find(CLI11 2.1 CLI11::CLI11 libcli11-dev)
  find_package(yaml-cpp QUIET)  # its target is yaml-cpp in 0.7, yaml-cpp::yaml-cpp from 0.8 on
  if(NOT TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
    ctp_find(yaml-cpp "" yaml-cpp::yaml-cpp libyaml-cpp-dev)
  endif()
endmacro()

# ctp_add_program(<name> <sources...>): a program with options, built as <build>/bin/<name> and installed as
# bin/<name> with the component programs, where it was built. See ctp_add_program_target().
function(ctp_add_program name)
  ctp_add_program_target(${name} ctp_processor_check ${ARGN})
  target_link_libraries(${name} PRIVATE ctp_program_options)
  get_target_property(on_cuda ${name} CTP_ON_CUDA)
  if(on_cuda)
    target_link_libraries(${name} PRIVATE ctp_cuda_program_options)
    add_dependencies(cuda ${name})
    # An installed program finds the libraries of CUDA where it was linked with them.
    set_target_properties(${name} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${ctp_program_dir}")
  add_dependencies(programs ${name})
  if(CTP_INSTALL AND NOT CTP_FETCHED)
    install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs OPTIONAL)
  endif()
endfunction()

# ctp_set_up_test(<names...>): the environment of every test. Idle OpenMP threads must not spin while another test runs.
function(ctp_set_up_test)
  set_tests_properties(${ARGN} PROPERTIES ENVIRONMENT "OMP_WAIT_POLICY=passive")
endfunction()
