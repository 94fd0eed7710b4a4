// The includes of a user of ctp::ctp.
#if __has_include(<ctp/ctp.hpp>)
#include <ctp/ctp.hpp>
#endif
#include <cstdio>

#include <ctp/version.hpp>

int main() { std::printf("ctp %s\n", ctp::version); }
