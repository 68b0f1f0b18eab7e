#include "protocols/wire/roost_v1.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <variant>

namespace roost::fuzz {

namespace {

template <class Frame>
std::string_view payload(const Frame& x) {
  if constexpr (requires { x.bytes; })
    return x.bytes;
  else
    return {};
}

} // namespace

void frame(std::string_view data) {
  wire::frame out = wire::input_frame{.stream = 42, .bytes = {}};
  const auto status = wire::decode(data, out);
  ROOST_FUZZ_CHECK(is_presentable(wire::to_string(status)));
  if (status != wire::decode_status::ok) {
    const auto* kept = std::get_if<wire::input_frame>(&out);
    ROOST_FUZZ_CHECK(kept != nullptr && kept->stream == 42); // failure leaves it alone
    return;
  }
  std::visit(
      [&](const auto& x) {
        ROOST_FUZZ_CHECK(wire::encode(x) == data);
        const auto bytes = payload(x);
        ROOST_FUZZ_CHECK(bytes.empty() ||
                         (bytes.data() >= data.data() &&
                          bytes.data() + bytes.size() <= data.data() + data.size()));
        if constexpr (requires { x.offset; })
          ROOST_FUZZ_CHECK(x.offset <= wire::max_offset);
      },
      out);
}

} // namespace roost::fuzz
