# Finds the packages of the library. An installed package always comes first; with CTP_FETCH=ON a missing package is
# downloaded. Sets CTP_WITH_OPENMP, CTP_WITH_JPEG, CTP_WITH_PNG, CTP_WITH_WEBP, and CTP_FETCHED: the names of downloaded
# packages.
set(CTP_FETCHED "")

# ctp_find(<package> <version or ""> <target> <Debian's package>): finds a required package, or stops with a message
# that says how to get the package.
macro(ctp_find package version target debian)
  if(NOT TARGET ${target})
    find_package(${package} ${version} QUIET)
  endif()
  if(NOT TARGET ${target} AND CTP_FETCH)
    include(CtpFetch)
    ctp_fetch(${package})
    list(APPEND CTP_FETCHED ${package})
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "ctp: ${package} ${version} was not found; install it (Debian: ${debian}), "
      "name its place in CMAKE_PREFIX_PATH, or let it be downloaded with -DCTP_FETCH=ON")
  endif()
endmacro()

ctp_find(Eigen3 3.4 Eigen3::Eigen libeigen3-dev)
ctp_find(nlohmann_json 3.9 nlohmann_json::nlohmann_json nlohmann-json3-dev)
ctp_find(xxhash "" xxhash::xxhash libxxhash-dev)
ctp_find(utf8proc "" utf8proc::utf8proc libutf8proc-dev)
ctp_find(stb "" stb::stb libstb-dev)

set(CTP_WITH_OPENMP FALSE)
if(CTP_OPENMP)
  find_package(OpenMP QUIET COMPONENTS CXX)
  set(CTP_WITH_OPENMP ${OpenMP_CXX_FOUND})
endif()
find_package(JPEG QUIET)
set(CTP_WITH_JPEG ${JPEG_FOUND})
find_package(PNG QUIET)
set(CTP_WITH_PNG ${PNG_FOUND})
find_package(WebP QUIET)
set(CTP_WITH_WEBP ${WebP_FOUND})

foreach(part IN ITEMS OPENMP JPEG PNG WEBP)
  if(CTP_WITH_${part})
    set(CTP_WITH_${part} TRUE)
  else()
    set(CTP_WITH_${part} FALSE)
    message(STATUS "ctp: builds without ${part}, which was not found")
  endif()
endforeach()
