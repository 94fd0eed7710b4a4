# Downloads of missing packages (CTP_FETCH=ON): fixed versions, into the build folder.
include(FetchContent)

# ctp_fetch_headers(<name> <target> <include folder within the sources>): a package of which only the
# headers are used; its own CMake project is not run.
function(ctp_fetch_headers name target folder)
  FetchContent_MakeAvailable(${name})
  string(TOLOWER ${name} lower)
  add_library(${name}_headers INTERFACE)
  add_library(${target} ALIAS ${name}_headers)
  target_include_directories(${name}_headers SYSTEM INTERFACE "${${lower}_SOURCE_DIR}/${folder}")
endfunction()

# ctp_fetch(<package>)
function(ctp_fetch package)
  message(STATUS "ctp: downloading ${package}")
  set(headers_only SOURCE_SUBDIR no_such_folder)  # keeps FetchContent from running the package's own project
  if(package STREQUAL "Eigen3")
    FetchContent_Declare(Eigen3 GIT_REPOSITORY https://gitlab.com/libeigen/eigen.git GIT_TAG 3.4.0 GIT_SHALLOW ON ${headers_only})
    ctp_fetch_headers(Eigen3 Eigen3::Eigen .)
  elseif(package STREQUAL "nlohmann_json")
    FetchContent_Declare(nlohmann_json GIT_REPOSITORY https://github.com/nlohmann/json.git GIT_TAG v3.11.3 GIT_SHALLOW ON ${headers_only})
    ctp_fetch_headers(nlohmann_json nlohmann_json::nlohmann_json include)
  elseif(package STREQUAL "stb")  # included as <stb/stb_image.h>, hence the folder's name
    FetchContent_Declare(stb GIT_REPOSITORY https://github.com/nothings/stb.git
      GIT_TAG f58f558c120e9b32c217290b80bad1a0729fbb2c SOURCE_DIR "${CMAKE_BINARY_DIR}/_deps/stb_include/stb" ${headers_only})
    ctp_fetch_headers(stb stb::stb ..)
  elseif(package STREQUAL "doctest")
    FetchContent_Declare(doctest GIT_REPOSITORY https://github.com/doctest/doctest.git GIT_TAG v2.4.11 GIT_SHALLOW ON ${headers_only})
    ctp_fetch_headers(doctest doctest::doctest .)
  elseif(package STREQUAL "CLI11")
    FetchContent_Declare(CLI11 GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git GIT_TAG v2.4.2 GIT_SHALLOW ON ${headers_only})
    ctp_fetch_headers(CLI11 CLI11::CLI11 include)
  elseif(package STREQUAL "utf8proc")
    set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # let the next line reach its options
    set(UTF8PROC_INSTALL OFF)
    FetchContent_Declare(utf8proc GIT_REPOSITORY https://github.com/JuliaStrings/utf8proc.git GIT_TAG v2.9.0 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(utf8proc)
    if(NOT TARGET utf8proc::utf8proc)
      add_library(utf8proc::utf8proc ALIAS utf8proc)
    endif()
  elseif(package STREQUAL "yaml-cpp")
    set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
    set(YAML_CPP_BUILD_TESTS OFF)
    set(YAML_CPP_BUILD_TOOLS OFF)
    FetchContent_Declare(yaml-cpp GIT_REPOSITORY https://github.com/jbeder/yaml-cpp.git GIT_TAG 0.8.0 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(yaml-cpp)
  endif()
endfunction()
