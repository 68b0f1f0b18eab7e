// libFuzzer's entry; ROOST_FUZZ_TARGET names the function of target.hpp.
#include "tests/fuzz/target.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  roost::fuzz::ROOST_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
