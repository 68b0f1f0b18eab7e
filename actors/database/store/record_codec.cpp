#include "actors/database/store/record_codec.hpp"

#include "actors/runtime/text_escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace roost::database {

namespace {

using std::chrono::microseconds;

constexpr std::uint8_t version = 1;
constexpr std::uint64_t most_number = std::numeric_limits<std::int64_t>::max();
// A calendar's years 1 to 9999 are what both databases can tell; the clock has fewer.
constexpr std::int64_t most_micros =
    std::chrono::duration_cast<microseconds>(std::chrono::nanoseconds(most_number)).count();

std::int64_t micros(wall_time at) {
  return std::chrono::floor<microseconds>(at.time_since_epoch()).count();
}
wall_time time_of(std::int64_t micros) { return wall_time(microseconds(micros)); }

class writer {
public:
  std::string out;

  void number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      out += static_cast<char>(value >> (8 * i));
  }
  void put(std::uint64_t v) { number(v, 8); }
  void put(std::uint32_t v) { number(v, 4); }
  void put(std::int32_t v) { number(static_cast<std::uint32_t>(v), 4); }
  void put(wall_time v) { number(static_cast<std::uint64_t>(micros(v)), 8); }
  void put(const std::string& v) {
    number(v.size(), 4);
    out += v;
  }
  void put(const blob& v) { put(v.bytes); }
  template <class T>
  void put(const std::optional<T>& v) {
    number(v ? 1 : 0, 1);
    if (v)
      put(*v);
  }
};

class reader {
public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool is_well() const { return is_well_; }

  std::uint64_t number(std::size_t bytes) {
    const auto taken = take(bytes);
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < taken.size(); ++i)
      out |= std::uint64_t{static_cast<unsigned char>(taken[i])} << (8 * i);
    return out;
  }
  void get(std::uint64_t& v, std::size_t /*most*/) { v = number(8); }
  void get(std::uint32_t& v, std::size_t /*most*/) { v = static_cast<std::uint32_t>(number(4)); }
  void get(std::int32_t& v, std::size_t /*most*/) {
    v = static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4)));
  }
  void get(wall_time& v, std::size_t /*most*/) {
    const auto value = static_cast<std::int64_t>(number(8));
    is_well_ = is_well_ && value <= most_micros && value >= -most_micros;
    v = is_well_ ? time_of(value) : wall_time{};
  }
  void get(std::string& v, std::size_t most) {
    const auto size = number(4);
    is_well_ = is_well_ && size <= most;
    if (is_well_)
      v = take(size);
  }
  void get(blob& v, std::size_t most) { get(v.bytes, most); }
  template <class T>
  void get(std::optional<T>& v, std::size_t most) {
    const auto flag = number(1);
    is_well_ = is_well_ && flag <= 1;
    if (is_well_ && flag == 1)
      get(v.emplace(), most);
  }

private:
  std::string_view take(std::size_t bytes) {
    is_well_ = is_well_ && rest_.size() >= bytes;
    if (!is_well_)
      return {};
    const auto out = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return out;
  }

  std::string_view rest_;
  bool is_well_ = true;
};

/// Fits one field; returns what is wrong with it, or nothing.
struct fitter {
  std::string_view operator()(std::string& v, field_rule rule) const {
    std::string clean;
    append_storable(clean, v);
    switch (rule.is) {
    case field_rule::kind::json:
      v = clean.size() > rule.most || clean.empty() ? "null" : std::move(clean);
      return {};
    case field_rule::kind::whole:
      v = std::move(clean);
      return v.empty() ? "is empty" : v.size() > rule.most ? "is too long" : "";
    default:
      v = utf8_prefix(clean, rule.most);
      return {};
    }
  }
  std::string_view operator()(blob& v, field_rule rule) const {
    return v.bytes.size() > rule.most ? "is too long" : "";
  }
  std::string_view operator()(std::uint64_t v, field_rule) const {
    return v > most_number ? "is too large" : "";
  }
  std::string_view operator()(std::uint32_t, field_rule) const { return {}; }
  std::string_view operator()(std::int32_t, field_rule) const { return {}; }
  std::string_view operator()(wall_time& v, field_rule) const {
    v = time_of(micros(v));
    return {};
  }
  template <class T>
  std::string_view operator()(std::optional<T>& v, field_rule rule) const {
    return v ? (*this)(*v, rule) : "";
  }
};

bool is_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char s) {
    return s == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

template <std::size_t N = 0>
bool make_kind(std::uint64_t kind, record& into) {
  if constexpr (N < std::variant_size_v<record>) {
    using type = std::variant_alternative_t<N, record>;
    if (static_cast<std::uint64_t>(type::kind) != kind)
      return make_kind<N + 1>(kind, into);
    into.emplace<N>();
    return true;
  }
  return false;
}

} // namespace

std::string sortable(const write_key& key) {
  return fmt::format("{:016x}/{:016x}/{:08x}/{}", key.boot_epoch, key.seq, key.partition,
                     key.node_uuid);
}

result<void, codec_error> check(const write_key& key) {
  if (!is_uuid(key.node_uuid))
    return codec_error{"the key of a write names no node"};
  if (key.boot_epoch > most_number || key.seq > most_number || key.seq == 0)
    return codec_error{"the key of a write has a number that is none"};
  return {};
}

result<void, codec_error> fit(record& r) {
  std::string wrong;
  std::visit(
      [&](auto& each) {
        each_field(each, [&](std::string_view name, auto& field, field_rule rule) {
          if (const auto problem = fitter{}(field, rule); !problem.empty() && wrong.empty())
            wrong = fmt::format("{} {}", name, problem);
        });
      },
      r);
  if (const auto* node = std::get_if<node_record>(&r); node != nullptr && !is_uuid(node->uuid))
    wrong = "uuid is none";
  if (!wrong.empty())
    return codec_error{wrong};
  return {};
}

std::string encode(const record& r) {
  writer to;
  to.number(version, 1);
  to.number(static_cast<std::uint64_t>(kind_of(r)), 1);
  std::visit(
      [&](const auto& each) {
        each_field(each, [&](std::string_view, const auto& field, field_rule) { to.put(field); });
      },
      r);
  return std::move(to.out);
}

result<record, codec_error> decode(std::string_view bytes) {
  reader from(bytes);
  if (const auto v = from.number(1); v != version)
    return codec_error{fmt::format("a record of version {}, and {} is known", v, version)};
  const auto kind = from.number(1);
  record out;
  if (!make_kind(kind, out))
    return codec_error{fmt::format("a record of kind {}, which is not known", kind)};
  std::string_view wrong;
  std::visit(
      [&](auto& each) {
        each_field(each, [&](std::string_view name, auto& field, field_rule rule) {
          if (!from.is_well())
            return;
          from.get(field, rule.most);
          if (!from.is_well())
            wrong = name;
        });
      },
      out);
  if (!from.is_well())
    return codec_error{fmt::format("a record of kind {} is cut or wrong in {}", kind, wrong)};
  if (auto ok = fit(out); !ok)
    return ok.error();
  return out;
}

} // namespace roost::database
