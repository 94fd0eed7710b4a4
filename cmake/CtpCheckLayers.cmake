# cmake -DROOT=<repository> -P cmake/CtpCheckLayers.cmake
# Which folder of include/ctp may include which. A folder may include itself, the folders named here, and nothing else;
# the headers directly in include/ctp (the umbrellas) stand outside. The picture is in docs/architecture.md; picture and
# table change together.
cmake_minimum_required(VERSION 3.25)

set(row_nn core backend tensor autograd nn)
set(row_models ${row_nn} encoder objective momentum optim)
set(row_policies ${row_models} distill penalty rehearsal)
set(row_beside io data eval dist)

set(allow_core)
set(allow_backend core)
set(allow_tensor core backend)
set(allow_autograd core backend tensor)
set(allow_nn core backend tensor autograd)
foreach(layer IN ITEMS encoder objective momentum optim)
  set(allow_${layer} ${row_nn})
endforeach()
foreach(layer IN ITEMS distill penalty rehearsal)
  set(allow_${layer} ${row_models})
endforeach()
set(allow_strategy ${row_policies})
foreach(layer IN ITEMS io eval dist)
  set(allow_${layer} core backend tensor)
endforeach()
set(allow_data core backend tensor io)
set(allow_train ${row_policies} strategy ${row_beside})
set(allow_report core backend tensor io eval train)
set(allow_testing ${row_policies} strategy ${row_beside} train report)
set(allow_interop core backend tensor rehearsal io train)

# Third-party headers and the folders that may include them.
set(third_party
  "Eigen/|unsupported/Eigen/:backend/cpu|interop"
  "nlohmann/:io|data"
  "xxhash\\.h:io"
  "stb/|stb_:data"
  "jpeglib\\.h|jerror\\.h|turbojpeg\\.h|png\\.h|webp/|utf8proc\\.h:data"
  "cuda|cublas|cub/|cccl/:backend/cuda"
  "thrust/:backend/cuda|interop"
  "nccl\\.h|mpi\\.h:dist"
  "CLI/|yaml-cpp/|doctest/|benchmark/:nowhere, it is for programs")

set(bad FALSE)
macro(complain text)
  message("${text}")
  set(bad TRUE)
endmacro()

file(GLOB_RECURSE headers RELATIVE "${ROOT}/include/ctp" "${ROOT}/include/ctp/*.hpp" "${ROOT}/include/ctp/*.cuh")
if(NOT headers)
  message(FATAL_ERROR "${ROOT}/include/ctp: no headers found")
endif()
foreach(header IN LISTS headers)
  set(layer "")
  if(header MATCHES "^([^/]+)/")
    set(layer "${CMAKE_MATCH_1}")
    if(NOT layer STREQUAL "core" AND NOT DEFINED allow_${layer})
      complain("${header}: the folder '${layer}' is not listed in CtpCheckLayers.cmake")
      continue()
    endif()
  endif()
  if(header MATCHES "\\.cuh$" AND NOT header MATCHES "^((backend/cuda|interop)/.*|[^/]+)$")
    complain("${header}: a .cuh belongs in backend/cuda or interop")
  endif()

  file(STRINGS "${ROOT}/include/ctp/${header}" includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]*).*" "\\1" name "${line}")
    if(line MATCHES "^[^<]*\"")
      complain("${header}: includes are written <ctp/...>: ${line}")
    endif()
    if(header MATCHES "\\.hpp$" AND name MATCHES "\\.cuh$")
      complain("${header}: a .hpp must not include a .cuh: ${line}")
    endif()
    if(NOT layer STREQUAL "")
      if(name MATCHES "^ctp/([^/]+)/")
        if(NOT CMAKE_MATCH_1 STREQUAL layer AND NOT CMAKE_MATCH_1 IN_LIST allow_${layer})
          complain("${header}: '${layer}' must not include '${CMAKE_MATCH_1}': ${line}")
        endif()
      elseif(name MATCHES "^ctp/" AND NOT name MATCHES "^ctp/(config|version|fwd)\\.hpp$")
        complain("${header}: includes an umbrella header: ${line}")
      endif()
      foreach(rule IN LISTS third_party)
        string(REGEX MATCH "^(.*):([^:]*)$" _ "${rule}")
        set(pattern "${CMAKE_MATCH_1}")
        set(folders "${CMAKE_MATCH_2}")
        if(name MATCHES "^(${pattern})" AND NOT header MATCHES "^(${folders})/")
          complain("${header}: only ${folders} may include this: ${line}")
        endif()
      endforeach()
    endif()
  endforeach()
endforeach()
if(bad)
  message(FATAL_ERROR "layering violated")
endif()
