#include "actors/runtime/metrics.hpp"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>

namespace roost {
namespace {

/// The serializer escapes label values, but writes the help line as it is.
std::string escaped_help(std::string_view help) {
  std::string out;
  for (const char c : help) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

/// The place for another sample: in the family of that name, which is made when it is new.
prometheus::ClientMetric& add(std::vector<prometheus::MetricFamily>& families,
                              std::string_view name, std::string_view help,
                              prometheus::MetricType type, const metric_labels& labels) {
  assert(name.starts_with("roost_") && prometheus::CheckMetricName(std::string(name)));
  auto family = std::find_if(families.begin(), families.end(),
                             [&](const auto& known) { return known.name == name; });
  if (family == families.end())
    family = families.insert(family, {std::string(name), escaped_help(help), type, {}});
  assert(family->type == type);

  prometheus::ClientMetric metric;
  for (const auto& [label, value] : labels) {
    assert(prometheus::CheckLabelName(label));
    metric.label.push_back({label, value});
  }
  assert(std::none_of(family->metric.begin(), family->metric.end(),
                      [&](const auto& known) { return known.label == metric.label; }));
  return family->metric.emplace_back(std::move(metric));
}

} // namespace

metric_page::metric_page() = default;
metric_page::metric_page(metric_page&&) noexcept = default;
metric_page& metric_page::operator=(metric_page&&) noexcept = default;
metric_page::~metric_page() = default;

void metric_page::counter(std::string_view name, std::string_view help, double value,
                          const metric_labels& labels) {
  add(families_, name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void metric_page::gauge(std::string_view name, std::string_view help, double value,
                        const metric_labels& labels) {
  add(families_, name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void metric_page::histogram(std::string_view name, std::string_view help,
                            std::span<const metric_bucket> buckets, double sum,
                            const metric_labels& labels) {
  auto& out = add(families_, name, help, prometheus::MetricType::Histogram, labels).histogram;
  for (const auto& bucket : buckets) {
    assert(out.bucket.empty() || out.bucket.back().upper_bound < bucket.upper_bound);
    out.sample_count += bucket.count;
    out.bucket.push_back({out.sample_count, bucket.upper_bound});
  }
  out.sample_sum = sum;
}

std::string metric_page::text() const { return prometheus::TextSerializer().Serialize(families_); }

} // namespace roost
