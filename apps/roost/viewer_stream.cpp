#include "apps/roost/viewer_stream.hpp"

#include <algorithm>
#include <utility>

namespace roost::cli {

void viewer_stream::attached(const attached_facts& facts) {
  live_offset_ = facts.live_offset;
  is_holder_ = facts.is_holder;
  awaits_snapshot_ = false;
  if (!position_ || position_->epoch != facts.start.epoch) {
    position_ = facts.start;
    written_ = facts.start.offset;
  }
  // A new connection's window counts from where its stream starts.
  acked_ = facts.start.offset;
}

void viewer_stream::disconnected() noexcept {
  if (std::exchange(awaits_snapshot_, false))
    position_.reset();
}

frame_verdict viewer_stream::output(const wire::output_frame& frame, const sink& to) {
  if (!position_ || awaits_snapshot_)
    return frame_verdict::taken;
  auto& next = position_->offset;
  if (frame.offset > next)
    return frame_verdict::gap;
  const auto known = next - frame.offset;
  if (known >= frame.bytes.size())
    return frame_verdict::taken;
  auto bytes = frame.bytes.substr(static_cast<std::size_t>(known));
  if (next < live_offset_) {
    const auto replayed = bytes.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(live_offset_ - next, bytes.size())));
    next += replayed.size();
    to(replayed, queries::strip, next);
    bytes.remove_prefix(replayed.size());
  }
  if (!bytes.empty()) {
    next += bytes.size();
    to(bytes, is_holder_ ? queries::pass : queries::strip, next);
  }
  return frame_verdict::taken;
}

void viewer_stream::snapshot(const wire::snapshot_frame& frame) noexcept {
  awaits_snapshot_ = false;
  if (position_)
    position_->offset = frame.offset;
}

void viewer_stream::written(std::uint64_t offset) noexcept { written_ = offset; }

std::optional<std::uint64_t> viewer_stream::take_ack(std::uint64_t least) {
  if (written_ < acked_ + std::max<std::uint64_t>(least, 1))
    return std::nullopt;
  acked_ = written_;
  return acked_;
}

} // namespace roost::cli
