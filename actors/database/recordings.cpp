#include "actors/database/recordings.hpp"

#include "actors/database/archive/write_queue.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roost::database {

namespace {

// Answers come as soon as there is output, so this only finds a terminal that does not answer.
constexpr std::chrono::seconds tail_patience{60};
constexpr std::chrono::seconds patience{30};
// Of output in one answer: four blocks of a history.
constexpr std::uint64_t most_tail = std::uint64_t{256} << 10;

} // namespace

void recordings_state::open(recordings_config config) {
  config_ = std::move(config);
  list();
}

void recordings_state::list() {
  const auto again = [this](const failure&) {
    timers_.after(list_timer, config_.retry, [this] { list(); });
  };
  const auto directory = config_.terminals.get();
  if (!directory)
    return again({request_error::shutting_down, {}});
  // Sessions of an earlier server come back first.
  runtime::ask(self_, directory, patience, await_sessions{})
      .then(
          [this, directory, again](const sessions_ready&) {
            runtime::ask(self_, directory, patience, list_sessions{})
                .then(
                    [this](const session_list& all) {
                      for (const auto& each : all.sessions)
                        consider(each);
                    },
                    again);
          },
          again);
}

void recordings_state::on_session(const publish_session& x) {
  if (x.topic != event_topic::session_removed)
    return consider(x.info);
  const auto at = entries_.find(x.info.id.value);
  if (at == entries_.end())
    return;
  finish(at->second);
  entries_.erase(at);
  count();
}

void recordings_state::consider(const session_info& info) {
  const auto at = entries_.find(info.id.value);
  if (at != entries_.end() && !info.record) {
    finish(at->second);
    entries_.erase(at);
    return count();
  }
  if (at != entries_.end() || !info.record)
    return;
  auto& made = entries_[info.id.value];
  made.serial = ++last_serial_;
  made.info = info;
  find(made);
  count();
}

recordings_state::entry* recordings_state::find(const std::string& id, std::uint64_t serial) {
  const auto at = entries_.find(id);
  return at == entries_.end() || at->second.serial != serial ? nullptr : &at->second;
}

void recordings_state::find(entry& e) {
  const auto id = e.info.id.value;
  const auto serial = e.serial;
  const auto archive = config_.archive.get();
  if (!archive)
    return stuck(e, {request_error::shutting_down, {}});
  struct both {
    std::optional<recording_found> recording;
    std::optional<text_found> text;
  };
  const auto found = std::make_shared<both>();
  runtime::ask(self_, archive, patience, read_archive{[found, id, epoch = e.info.epoch](store* in) {
                 found->recording = find_recording(in, id, epoch);
                 if (found->recording)
                   found->text = find_text(in, *found->recording, id, epoch);
               }})
      .then(
          [this, id, serial, found](const archive_read&) {
            auto* const at = find(id, serial);
            if (at == nullptr)
              return;
            if (!found->recording || !found->text)
              return stuck(*at, {request_error::store_unavailable, {}});
            at->found = *found->recording;
            at->next = std::max(at->found->at.end_offset, at->info.record_from);
            at->text.emplace(found->text->at, config_.limits.max_total);
            at->skipped = 0;
            at->stored_text = found->text->last;
            at->text_seq = found->text->next_seq;
            catch_up(*at);
          },
          [this, id, serial](const failure& why) {
            if (auto* const at = find(id, serial))
              stuck(*at, why);
          });
}

void recordings_state::find_terminal(entry& e) {
  const auto id = e.info.id.value;
  const auto serial = e.serial;
  const auto directory = config_.terminals.get();
  if (!directory)
    return stuck(e, {request_error::shutting_down, {}});
  runtime::ask(self_, directory, patience, find_session{e.info.id})
      .then(
          [this, id, serial](const session_handle& x) {
            auto* const at = find(id, serial);
            if (at == nullptr)
              return;
            at->terminal = x.terminal;
            tail(*at);
          },
          [this, id, serial](const failure& why) {
            auto* const at = find(id, serial);
            if (at == nullptr)
              return;
            if (!why.is(terminal_error::no_such_session) && !why.is(terminal_error::session_ended))
              return stuck(*at, why);
            finish(*at); // its output went with it
            count();
          });
}

void recordings_state::tail(entry& e) {
  const auto id = e.info.id.value;
  const auto serial = e.serial;
  runtime::ask(self_, e.terminal, tail_patience, tail_output{e.next, most_tail})
      .then(
          [this, id, serial](const output_tail& x) {
            if (auto* const at = find(id, serial); at != nullptr && !at->is_done)
              on_tail(*at, x);
          },
          [this, id, serial](const failure& why) {
            auto* const at = find(id, serial);
            if (at == nullptr || at->is_done)
              return;
            if (why.is(request_error::deadline_exceeded))
              return tail(*at);     // a program that is silent
            at->terminal = nullptr; // another one takes its place
            stuck(*at, why);
          });
}

void recordings_state::on_tail(entry& e, const output_tail& x) {
  if (x.epoch != e.info.epoch) {
    // Its offsets mean something else now: another recording.
    put_away(e);
    e.info.epoch = x.epoch;
    e.info.record_from = 0;
    e.found.reset();
    return find(e);
  }
  feed(e, x);
  if (x.is_over) {
    if (x.status)
      e.recorder->on_exit(
          now(), {recording::program_end::kind::status, static_cast<std::uint32_t>(*x.status)});
    else if (x.signal)
      e.recorder->on_exit(
          now(), {recording::program_end::kind::signal, static_cast<std::uint32_t>(*x.signal)});
    finish(e);
    return count();
  }
  keep(e);
  arm_tick();
  tail(e);
}

void recordings_state::feed(entry& e, const output_tail& x) {
  const auto size_of = [](const auto& of) { return terminal::terminal_size{of.cols, of.rows}; };
  if (!e.recorder) {
    const auto from = e.found->exists ? e.found->at : recording::recorder_position{0, e.next, 0};
    e.lost = 0;
    e.recorder.emplace(config_.limits, config_.patterns, from, size_of(x));
  }
  const auto at = now();
  if (x.gap > 0)
    e.recorder->on_gap(at, e.next, x.offset, recording::gap_reason::missing);
  auto offset = x.offset;
  auto resize = x.resizes.begin();
  const auto resize_up_to = [&](std::uint64_t last) {
    for (; resize != x.resizes.end() && resize->offset <= last; ++resize)
      e.recorder->on_resize(at, size_of(*resize));
  };
  for (const auto& slice : x.bytes) {
    for (auto rest = slice.view(); !rest.empty();) {
      resize_up_to(offset);
      auto piece = rest;
      if (resize != x.resizes.end())
        piece = rest.substr(0, resize->offset - offset);
      e.recorder->on_output(at, offset, piece);
      offset += piece.size();
      rest.remove_prefix(piece.size());
    }
  }
  resize_up_to(offset);
  config_.board->output += offset - x.offset;
  const auto lost = e.recorder->lost();
  config_.board->lost += lost - std::exchange(e.lost, lost);
  e.next = offset;
}

void recordings_state::stuck(entry& e, const failure& why) {
  ++config_.board->troubles;
  log_.with_session(e.info.id.value).debug("recording waits", log::kv("why", describe(why).name));
  e.is_stuck = true;
  if (timers_.is_armed(retry_timer))
    return;
  timers_.after(retry_timer, config_.retry, [this] {
    for (auto& [id, each] : entries_) {
      if (!std::exchange(each.is_stuck, false))
        continue;
      if (!each.found)
        find(each);
      else if (each.is_text_behind)
        catch_up(each);
      else
        find_terminal(each);
    }
  });
}

void recordings_state::finish(entry& e) {
  e.is_done = true;
  e.terminal = nullptr;
  put_away(e);
}

void recordings_state::put_away(entry& e) {
  if (e.recorder)
    e.recorder->finish();
  keep(e);
  if (e.text)
    e.text->finish();
  keep(e);
  e.recorder.reset();
  e.text.reset();
}

void recordings_state::keep(entry& e) {
  auto batch = std::make_shared<record_batch>();
  auto chunks = e.recorder ? e.recorder->take() : std::vector<recording::chunk>{};
  for (const auto& each : chunks)
    if (!e.text->add(each, now().steady))
      ++config_.board->troubles;
  if (e.text)
    keep_text(e, batch->records);
  for (auto& each : chunks) {
    ++config_.board->chunks;
    config_.board->bytes += each.blob.size();
    batch->records.emplace_back(to_record(std::move(each), e.info.id.value, e.info.epoch));
  }
  if (batch->records.empty())
    return;
  if (const auto archive = config_.archive.get())
    caf::anon_send(archive, keep_records{std::move(batch)});
}

void recordings_state::tick() {
  const auto at = now();
  for (auto& [id, each] : entries_) {
    const auto due = due_of(each);
    if (!due || *due > at.steady)
      continue;
    if (each.recorder)
      each.recorder->tick(at);
    keep(each);
    each.text->tick(at.steady);
    keep(each);
  }
  arm_tick();
}

std::optional<steady_time> recordings_state::due_of(const entry& e) {
  if (!e.text || e.is_text_behind)
    return std::nullopt;
  auto due = e.text->next_tick();
  if (const auto also = e.recorder ? e.recorder->next_tick() : std::nullopt)
    due = due ? std::min(*due, *also) : *also;
  return due;
}

void recordings_state::arm_tick() {
  std::optional<steady_time> first;
  for (const auto& [id, each] : entries_)
    if (const auto due = due_of(each))
      first = first ? std::min(*first, *due) : *due;
  if (!first || (timers_.is_armed(tick_timer) && tick_at_ <= *first))
    return;
  tick_at_ = *first;
  const auto wait = std::max<std::chrono::nanoseconds>(*first - config_.time->now(),
                                                       std::chrono::milliseconds{1});
  timers_.after(tick_timer, wait, [this] { tick(); });
}

void recordings_state::count() {
  config_.board->sessions = static_cast<std::uint64_t>(std::count_if(
      entries_.begin(), entries_.end(), [](const auto& each) { return !each.second.is_done; }));
}

void recordings_state::on_exit() {
  for (auto& [id, each] : entries_)
    finish(each);
}

recordings_actor::behavior_type
recordings(recordings_actor::stateful_pointer<recordings_state> self, recordings_config config) {
  runtime::arm(self);
  self->set_exit_handler([self](const caf::exit_msg& x) {
    self->state.on_exit();
    self->quit(x.reason);
  });
  self->state.open(std::move(config));
  return {
      [self](const publish_session& x) { self->state.on_session(x); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::database
