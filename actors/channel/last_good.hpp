#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace roost::channel {

/// The helper's latest good values, by question: what may stand in when it cannot be asked. Bounded
/// in number and bytes; the least recently used goes first. Pure; not thread-safe.
class last_good {
public:
  static constexpr std::size_t most_values = 256;
  static constexpr std::size_t most_bytes = std::size_t{4} << 20;

  struct value {
    std::string json;
    std::chrono::milliseconds age{0};
  };

  /// @param oldest how old a value may be; 0: none is kept.
  explicit last_good(std::chrono::milliseconds oldest) : oldest_(oldest) {}

  /// Keeps the value of a question; one that is larger than a quarter of all there may be is not.
  void keep(std::string_view question, std::string_view json, steady_time now);
  /// The value of the question, if it is young enough.
  [[nodiscard]] std::optional<value> find(std::string_view question, steady_time now);

  void set_oldest(std::chrono::milliseconds oldest);
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
  struct kept {
    std::string question;
    std::string json;
    steady_time at;
  };
  using place = std::list<kept>::iterator;

  static std::size_t size_of(const kept& x) { return x.question.size() + x.json.size(); }
  void forget(place at);

  std::chrono::milliseconds oldest_;
  std::list<kept> order_; ///< the least recently used first
  std::unordered_map<std::string_view, place> by_question_;
  std::size_t bytes_ = 0;
};

} // namespace roost::channel
