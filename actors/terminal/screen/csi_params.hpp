#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace roost::terminal {

/// The numeric parameters of a control sequence: at most 32, with at most 32 sub-parameters (after
/// a colon) in all. What comes beyond is dropped, as xterm.js does; values saturate at 2^31 - 1. An
/// empty parameter is 0, an empty sub-parameter is -1.
class csi_params {
public:
  static constexpr std::size_t max_count = 32;

  csi_params() { reset(); }

  /// Back to one parameter of 0.
  void reset() {
    count_ = 1;
    sub_count_ = 0;
    values_[0] = 0;
    sub_begin_[0] = sub_end_[0] = 0;
    rejects_ = rejects_sub_ = in_sub_ = false;
  }

  void add_param() {
    in_sub_ = false;
    if (count_ == max_count) {
      rejects_ = true;
      return;
    }
    sub_begin_[count_] = sub_end_[count_] = static_cast<std::uint8_t>(sub_count_);
    values_[count_++] = 0;
  }

  void add_sub_param() {
    in_sub_ = true;
    if (rejects_ || sub_count_ == max_count) {
      rejects_sub_ = true;
      return;
    }
    subs_[sub_count_++] = -1;
    ++sub_end_[count_ - 1];
  }

  void add_digit(int digit) {
    if (rejects_ || (in_sub_ && (rejects_sub_ || sub_count_ == 0)))
      return;
    auto& at = in_sub_ ? subs_[sub_count_ - 1] : values_[count_ - 1];
    const auto next = at < 0 ? digit : std::int64_t{at} * 10 + digit;
    at = static_cast<std::int32_t>(next > 0x7fffffff ? 0x7fffffff : next);
  }

  [[nodiscard]] std::size_t size() const { return count_; }
  /// The parameter at `index`; 0 past the end.
  [[nodiscard]] std::int32_t operator[](std::size_t index) const {
    return index < count_ ? values_[index] : 0;
  }
  /// The parameter as a count: 0 and missing mean 1.
  [[nodiscard]] std::int32_t count(std::size_t index = 0) const {
    const auto value = (*this)[index];
    return value == 0 ? 1 : value;
  }
  [[nodiscard]] std::span<const std::int32_t> subs(std::size_t index) const {
    return {subs_.data() + sub_begin_[index], std::size_t(sub_end_[index] - sub_begin_[index])};
  }

private:
  std::array<std::int32_t, max_count> values_;
  std::array<std::int32_t, max_count> subs_;
  std::array<std::uint8_t, max_count> sub_begin_;
  std::array<std::uint8_t, max_count> sub_end_;
  std::size_t count_;
  std::size_t sub_count_;
  bool rejects_;
  bool rejects_sub_;
  bool in_sub_;
};

} // namespace roost::terminal
