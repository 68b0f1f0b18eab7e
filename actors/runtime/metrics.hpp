#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace roost {

/// Label name → value. Names as Prometheus has them (`[a-zA-Z_][a-zA-Z0-9_]*`), values any UTF-8.
using metric_labels = std::vector<std::pair<std::string, std::string>>;

/// What one bucket of a histogram counted: values above the bound of the bucket before, up to and
/// including its own.
struct metric_bucket {
  double upper_bound = 0;  ///< infinity: everything above the one before
  std::uint64_t count = 0; ///< of this bucket alone, not cumulative
};

/// The page that a scrape of Prometheus gets: values are collected when it asks, written down here
/// and rendered, so nothing is counted twice and there is no registry. Samples of the same name
/// form one family, in the order of their first appearance; help and kind are those of the first.
///
/// It is the caller's mistake, and an assertion says so, to use a name that does not start with
/// `roost_` or is none, to mix kinds under one name, or to give the same labels twice. Units and
/// suffixes (`_total`, `_bytes`, `_seconds`) are in the name, as on
/// https://prometheus.io/docs/practices/naming. Not thread-safe.
class metric_page {
public:
  /// What the HTTP answer calls the text.
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  metric_page();
  metric_page(metric_page&&) noexcept;
  metric_page& operator=(metric_page&&) noexcept;
  ~metric_page();

  /// @param name ends in `_total`.
  /// @param value since the start; never falls.
  void counter(std::string_view name, std::string_view help, double value,
               const metric_labels& labels = {});

  void gauge(std::string_view name, std::string_view help, double value,
             const metric_labels& labels = {});

  /// @param buckets by rising bound. What is above the last bound is not counted anywhere, so the
  ///   last one is usually infinity.
  /// @param sum of all values.
  /// @param labels without `le`.
  void histogram(std::string_view name, std::string_view help,
                 std::span<const metric_bucket> buckets, double sum,
                 const metric_labels& labels = {});

  /// The text exposition format, version 0.0.4
  /// (https://prometheus.io/docs/instrumenting/exposition_formats).
  [[nodiscard]] std::string text() const;

private:
  std::vector<prometheus::MetricFamily> families_;
};

} // namespace roost
