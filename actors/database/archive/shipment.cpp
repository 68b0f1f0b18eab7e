#include "actors/database/archive/shipment.hpp"

#include "actors/database/store/record_codec.hpp"
#include "actors/runtime/log.hpp"

#include <utility>
#include <vector>

namespace roost::database {

namespace {

const log::logger& logger() {
  static const log::logger shared{log::context{"shipment", 0, {}, {}}};
  return shared;
}

} // namespace

store_result<shipment::progress> shipment::next() {
  auto opened = from_.open();
  if (!opened)
    return opened.error();
  auto items = from_.waiting()->peek(settings_.most_records, settings_.most_bytes);
  if (!items)
    return items.error();
  progress done;
  if (!items->empty()) {
    auto sent = send(*items);
    if (!sent)
      return sent.error();
    done = *sent;
    if (auto dropped = from_.waiting()->drop(items->back().position); !dropped)
      return dropped.error();
  }
  auto left = from_.waiting()->total();
  if (!left)
    return left.error();
  done.left = left->records;
  return done;
}

store_result<shipment::progress> shipment::send(const std::vector<outbox::item>& items) {
  if (!to_) {
    auto connected = connect_();
    if (!connected)
      return connected.error();
    to_ = std::move(*connected);
  }
  progress done;
  std::vector<keyed_record> records;
  for (const auto& item : items) {
    auto what = decode(item.payload);
    if (!what) {
      // Later ones follow it: it is taken for applied, and said to be lost.
      logger().error("a record that waited cannot be read", log::kv("why", what.error().text),
                     log::kv("seq", item.key.seq));
      ++done.lost;
      if (auto applied = apply(records, done); !applied)
        return applied.error();
      records.clear();
      if (auto skipped = to_->skip_to(item.key); !skipped)
        return skipped.error();
      continue;
    }
    records.push_back({item.key, item.follows, std::move(*what)});
  }
  auto applied = apply(records, done);
  if (!applied) {
    to_.reset();
    return applied.error();
  }
  return done;
}

store_result<void> shipment::apply(std::span<const keyed_record> records, progress& done) {
  if (records.empty())
    return {};
  auto applied = to_->apply(records);
  if (!applied && applied.error().why == store_error::reason::gap) {
    // The shared database was restored from before what it had been given.
    logger().error("the shared database lacks writes that it had",
                   log::kv("before", records.front().key.seq));
    auto before = records.front().key;
    before.seq = records.front().follows;
    if (auto skipped = to_->skip_to(before); !skipped)
      return skipped.error();
    ++done.lost;
    applied = to_->apply(records);
  }
  if (applied) {
    done.records += applied->applied + applied->skipped;
    return {};
  }
  if (applied.error().kind != trouble::permanent)
    return applied.error();
  // One that can never be applied must not hold up all others.
  if (records.size() > 1) {
    const auto half = records.size() / 2;
    if (auto ok = apply(records.first(half), done); !ok)
      return ok;
    return apply(records.subspan(half), done);
  }
  logger().error("the shared database takes a record never", log::kv("why", applied.error().log),
                 log::kv("seq", records.front().key.seq));
  ++done.lost;
  return to_->skip_to(records.front().key);
}

} // namespace roost::database
