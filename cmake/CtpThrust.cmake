# ctp_thrust_host: Thrust with its sequential host system, for any C++ compiler, with or without nvcc. Defined where the
# headers of Thrust 2 are found: CUDA toolkits of version 12 and newer have them; Debian's libthrust-dev is too old. They
# are looked for beside nvcc; elsewhere: -DCTP_THRUST_INCLUDE=<toolkit>/include/cccl, before CUDA 13 <toolkit>/include.
find_program(CTP_NVCC nvcc PATHS /usr/local/cuda/bin)
file(REAL_PATH "${CTP_NVCC}" toolkit)
cmake_path(GET toolkit PARENT_PATH toolkit)
cmake_path(GET toolkit PARENT_PATH toolkit)
find_path(CTP_THRUST_INCLUDE thrust/version.h HINTS "${toolkit}/include/cccl" "${toolkit}/include"
  /usr/local/cuda/include/cccl NO_DEFAULT_PATH)
mark_as_advanced(CTP_NVCC CTP_THRUST_INCLUDE)
set(thrust_version 0)
if(EXISTS "${CTP_THRUST_INCLUDE}/thrust/version.h")
  file(STRINGS "${CTP_THRUST_INCLUDE}/thrust/version.h" line REGEX "^#define THRUST_VERSION +[0-9]")
  string(REGEX REPLACE "^#define THRUST_VERSION +([0-9]+).*$" "\\1" thrust_version "${line}")
endif()
if(NOT thrust_version GREATER_EQUAL 200000)
  message(STATUS "ctp: builds without tests of Thrust on the host, since no headers of Thrust 2 were found")
  return()
endif()
add_library(ctp_thrust_host INTERFACE)
target_include_directories(ctp_thrust_host SYSTEM INTERFACE "${CTP_THRUST_INCLUDE}")
target_compile_definitions(ctp_thrust_host INTERFACE THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP)
# Thrust chooses the system of a device_ptr by references to null, which no code reads: two checks of sanitizers less.
target_compile_options(ctp_thrust_host INTERFACE $<$<CXX_COMPILER_ID:GNU,Clang>:-fno-sanitize=null,object-size>)
