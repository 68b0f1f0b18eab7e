#include "actors/database/recording/recorder.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace roost::recording {

namespace {

// Output is taken or lost in pieces of at most this size.
constexpr std::size_t piece_size = std::size_t{64} << 10;
// A blob with a gap and an exit only, with room to spare.
constexpr std::uint64_t small_blob = 128;
// While output is lost to the rate, the burst is saved up to this part before it is taken again, so
// that a flood becomes few long pieces.
constexpr double refill_part = 0.5;
// Saving up takes no longer than this, however slow the rate is.
constexpr std::chrono::seconds longest_pause{60};

} // namespace

recorder::recorder(const recorder_limits& limits, std::shared_ptr<const redaction> patterns,
                   const recorder_position& from, terminal::terminal_size size)
    : limits_(limits), patterns_(patterns), redactor_(std::move(patterns)),
      writer_(from.seq, from.end_offset, size),
      pace_(limits.bytes_per_second, std::max<std::uint64_t>(limits.burst, 1)),
      next_(from.end_offset), total_(from.total) {
  set_room();
}

// ---- what happens ----

void recorder::on_output(moment now, std::uint64_t offset, std::string_view bytes) {
  if (offset < next_) {
    bytes.remove_prefix(std::min<std::uint64_t>(next_ - offset, bytes.size()));
    offset = next_;
  }
  if (bytes.empty())
    return;
  on_gap(now, next_, offset, gap_reason::missing);
  next_ = offset + bytes.size();
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, piece_size);
    bytes.remove_prefix(part.size());
    if (is_full_) {
      lose(now, part.size(), gap_reason::size);
    } else if (!may_take(now, part.size())) {
      lose(now, part.size(), gap_reason::rate);
    } else {
      write_gap();
      if (patterns_->empty())
        write(now, part);
      else
        redactor_.feed(now, part, [this](moment at, std::string_view sure) { write(at, sure); });
    }
  }
}

void recorder::on_resize(moment now, terminal::terminal_size size) {
  if (size == writer_.size() || !size.is_valid())
    return;
  add(now, resize{size});
}

void recorder::on_marker(moment now, std::string_view label) {
  // Cut behind the redaction: half of a secret is one, too.
  add(now, marker{patterns_->apply(std::string(label))});
}

void recorder::on_gap(moment now, std::uint64_t from, std::uint64_t to, gap_reason reason) {
  if (to <= next_)
    return;
  if (from > next_)
    lose(now, from - next_, gap_reason::missing);
  lose(now, to - std::max(from, next_), reason);
  next_ = to;
}

void recorder::on_exit(moment now, program_end how) {
  if (!is_full_) {
    add(now, how);
    return;
  }
  if (room() < small_blob)
    return;
  write_gap();
  writer_.add(now, how);
  seal();
}

void recorder::tick(moment now) {
  if (const auto due = redactor_.due(); due && now.steady >= *due)
    release_held();
  if (lost_ && !is_full_ && now.steady >= lost_->last + gap_quiet)
    write_gap();
  if (!writer_.empty() && now.steady >= writer_.began() + max_age)
    seal();
}

std::optional<steady_time> recorder::next_tick() const {
  auto next = redactor_.due();
  const auto also = [&next](steady_time at) { next = next ? std::min(*next, at) : at; };
  if (lost_ && !is_full_)
    also(lost_->last + gap_quiet);
  if (!writer_.empty())
    also(writer_.began() + max_age);
  return next;
}

void recorder::finish() {
  release_held();
  // Of a full recording each end of a server says what was lost so far; the exit comes last.
  if (!is_full_ || room() >= reserve / 2)
    write_gap();
  if (!writer_.empty())
    seal();
}

// ---- into chunks ----

bool recorder::may_take(moment now, std::size_t size) {
  if (dropping_until_ && now.steady < *dropping_until_)
    return false;
  dropping_until_.reset();
  if (const auto ready = pace_.ready_at(now.steady); ready > now.steady) {
    const auto refill =
        std::chrono::duration<double>(static_cast<double>(limits_.burst) * refill_part /
                                      static_cast<double>(limits_.bytes_per_second));
    dropping_until_ = ready + std::chrono::duration_cast<steady_time::duration>(
                                  std::min<std::chrono::duration<double>>(refill, longest_pause));
    return false;
  }
  pace_.take(size);
  return true;
}

void recorder::add(moment at, const event_data& what) {
  release_held();
  if (is_full_)
    return;
  write_gap();
  while (!is_full_ && !writer_.add(at, what))
    seal();
}

void recorder::write(moment at, std::string_view bytes) {
  while (!bytes.empty()) {
    if (is_full_) {
      count_lost(at, bytes.size(), gap_reason::size);
      return;
    }
    const auto taken = writer_.add_output(at, bytes);
    bytes.remove_prefix(taken);
    if (taken == 0)
      seal();
  }
}

void recorder::lose(moment now, std::uint64_t bytes, gap_reason reason) {
  if (bytes == 0)
    return;
  release_held();
  count_lost(now, bytes, reason);
}

void recorder::count_lost(moment now, std::uint64_t bytes, gap_reason reason) {
  if (is_full_)
    reason = gap_reason::size;
  if (lost_ && lost_->what.reason != reason && !is_full_)
    write_gap();
  // Writing it may have filled the recording.
  if (is_full_)
    reason = gap_reason::size;
  if (!lost_)
    lost_ = lost_output{now, now.steady, {0, reason}};
  lost_->last = now.steady;
  lost_->what.bytes += bytes;
  all_lost_ += bytes;
  lost_->what.reason = reason;
}

void recorder::release_held() {
  redactor_.flush([this](moment at, std::string_view sure) { write(at, sure); });
}

void recorder::write_gap() {
  if (!lost_)
    return;
  while (!writer_.add(lost_->first, lost_->what)) {
    seal();
    if (is_full_) {
      lost_->what.reason = gap_reason::size;
      return;
    }
  }
  lost_.reset();
}

void recorder::seal() {
  sealed_.push_back(writer_.seal());
  total_ += sealed_.back().blob.size();
  set_room();
}

std::uint64_t recorder::room() const {
  return limits_.max_total - std::min(total_, limits_.max_total);
}

void recorder::set_room() {
  is_full_ = room() < least_total;
  auto raw = is_full_ ? 0 : std::min<std::uint64_t>(room() - reserve, chunk_writer::max_raw);
  // What cannot be compressed grows.
  const auto grows = largest_blob(raw) - raw;
  writer_.limit_raw(raw - std::min(raw, grows));
}

std::vector<chunk> recorder::take() { return std::exchange(sealed_, {}); }

recorder_position recorder::position() const {
  return {writer_.seq(), writer_.first_offset(), total_};
}

} // namespace roost::recording
