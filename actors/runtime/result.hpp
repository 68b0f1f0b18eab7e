#pragma once

#include "protocols/errors.hpp"

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace roost {

/// A value, or the reason why there is none. The one way in which a model or an I/O object reports
/// an expected failure; exceptions are kept for what cannot be answered. `E` is `failure` for all
/// that the table of errors knows; a program may have its own (the client's has exit codes and
/// advice). Not thread-safe.
template <class T, class E = failure>
class [[nodiscard]] result {
public:
  using value_type = T;

  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is the point of the class.
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  result(E why) : state_(std::in_place_index<1>, std::move(why)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// The value. Calling it on a failure is a programmer's mistake and throws
  /// std::bad_variant_access.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The failure. Calling it on a value throws std::bad_variant_access.
  E& error() & { return std::get<1>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

  /// Calls `f(value)` (which returns a result) or passes the failure on.
  template <class F>
  auto and_then(F&& f) && -> std::invoke_result_t<F, T&&> {
    if (has_value())
      return std::forward<F>(f)(std::move(*this).value());
    return std::move(*this).error();
  }

  /// Calls `f(value)` and wraps what it returns, or passes the failure on.
  template <class F>
  auto transform(F&& f) && -> result<std::invoke_result_t<F, T&&>, E> {
    if (has_value())
      return std::forward<F>(f)(std::move(*this).value());
    return std::move(*this).error();
  }

private:
  std::variant<T, E> state_;
};

/// Success without a value, or the reason why not.
template <class E>
class [[nodiscard]] result<void, E> {
public:
  result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  result(E why) : why_(std::move(why)) {}

  [[nodiscard]] bool has_value() const { return !why_.has_value(); }
  explicit operator bool() const { return has_value(); }
  E& error() & { return why_.value(); }
  const E& error() const& { return why_.value(); }
  E&& error() && { return std::move(why_).value(); }

private:
  std::optional<E> why_;
};

} // namespace roost

#define ROOST_DETAIL_CAT_2(a, b) a##b
#define ROOST_DETAIL_CAT(a, b) ROOST_DETAIL_CAT_2(a, b)
#define ROOST_DETAIL_TRY(tmp, var, expr)                                                           \
  auto tmp = (expr);                                                                               \
  if (!tmp)                                                                                        \
    return std::move(tmp).error();                                                                 \
  var = std::move(tmp).value()

/// `ROOST_TRY(auto x, f());`: declares `x` from the value of `f()`, or returns its failure.
#define ROOST_TRY(var, expr) ROOST_DETAIL_TRY(ROOST_DETAIL_CAT(roost_try_, __LINE__), var, expr)
