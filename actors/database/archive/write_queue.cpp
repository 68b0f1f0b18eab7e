#include "actors/database/archive/write_queue.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace roost::database {

namespace {

// All of a node's writes are in one order.
constexpr std::uint32_t partition = 0;
// A record without its texts.
constexpr std::size_t frame = 128;

} // namespace

std::size_t weight_of(const record& r) {
  return std::visit(
      [](const auto& each) {
        std::size_t out = frame;
        each_field(each, [&](std::string_view, const auto& field, const field_rule&) {
          using T = std::decay_t<decltype(field)>;
          if constexpr (std::is_same_v<T, std::string>)
            out += field.size();
          else if constexpr (std::is_same_v<T, blob>)
            out += field.bytes.size();
        });
        return out;
      },
      r);
}

void write_queue::make_room(std::size_t wanted) {
  for (auto at = waiting_.begin();
       at != waiting_.end() && bytes_ + wanted > settings_.most_bytes;) {
    if (class_of(at->what) != record_class::measure) {
      ++at;
      continue;
    }
    bytes_ -= at->bytes;
    ++dropped_;
    at = waiting_.erase(at);
  }
}

bool write_queue::add(record r, std::uint64_t ticket) {
  const auto bytes = weight_of(r);
  if (bytes_ + bytes > settings_.most_bytes)
    make_room(bytes);
  if (bytes_ + bytes > settings_.most_bytes) {
    ++dropped_;
    return false;
  }
  bytes_ += bytes;
  waiting_.push_back({std::move(r), bytes, ticket});
  return true;
}

record_batch write_queue::take(std::size_t most, std::size_t most_bytes) {
  record_batch out;
  std::size_t taken = 0;
  while (!waiting_.empty() && out.keyed.size() < most) {
    auto& next = waiting_.front();
    if (!out.keyed.empty() && taken + next.bytes > most_bytes)
      break;
    taken += next.bytes;
    bytes_ -= next.bytes;
    const auto before = last_seq_++;
    out.keyed.push_back({{settings_.node_uuid, settings_.boot_epoch, partition, last_seq_},
                         before,
                         std::move(next.what)});
    if (next.ticket != 0)
      out.tickets.push_back(next.ticket);
    waiting_.pop_front();
  }
  return out;
}

} // namespace roost::database
