// The text of recordings, for whoever searches it.

#include "actors/database/recordings.hpp"

#include <caf/event_based_actor.hpp>

#include <utility>

namespace roost::database {

namespace {

constexpr std::chrono::seconds patience{30};
// Stored chunks that text is made of at a time.
constexpr std::uint32_t chunks_at_once = 8;

bool is_over(const session_info& info) {
  return info.state == session_state::exited || info.state == session_state::lost;
}

} // namespace

void recordings_state::catch_up(entry& e) {
  e.is_text_behind = e.text_seq < e.found->at.seq;
  if (!e.is_text_behind)
    return on_caught_up(e);
  const auto id = e.info.id.value;
  const auto serial = e.serial;
  const auto archive = config_.archive.get();
  if (!archive)
    return stuck(e, {request_error::shutting_down, {}});
  const auto found = std::make_shared<std::optional<std::vector<recording::chunk>>>();
  runtime::ask(self_, archive, patience,
               read_archive{[found, id, epoch = e.info.epoch, from = e.text_seq](store* in) {
                 *found = read_chunks(in, id, epoch, from, chunks_at_once);
               }})
      .then(
          [this, id, serial, found](const archive_read&) {
            auto* const at = find(id, serial);
            if (at == nullptr || !at->text)
              return; // it has been put away meanwhile
            if (!*found)
              return stuck(*at, {request_error::store_unavailable, {}});
            for (const auto& each : **found) {
              at->text_seq = each.seq + 1;
              // One that is damaged is a gap to the next.
              if (!at->text->add(each, now().steady))
                ++config_.board->troubles;
            }
            if ((*found)->empty())
              at->text_seq = at->found->at.seq; // they were removed meanwhile
            keep(*at);
            catch_up(*at);
          },
          [this, id, serial](const failure& why) {
            if (auto* const at = find(id, serial))
              stuck(*at, why);
          });
}

void recordings_state::on_caught_up(entry& e) {
  if (!is_over(e.info) || !e.found->exists || e.next < e.info.offset)
    return find_terminal(e);
  finish(e); // an earlier server has recorded all of it
  count();
}

void recordings_state::keep_text(entry& e, std::vector<record>& into) {
  const auto skipped = e.text->skipped();
  config_.board->text_skipped += skipped - std::exchange(e.skipped, skipped);
  // Others' records come first.
  const bool is_busy = config_.waiting && config_.waiting->waiting_bytes > config_.most_waiting;
  for (auto& each : e.text->take()) {
    if (is_known(each, e.stored_text))
      continue;
    if (is_busy) {
      config_.board->text_skipped += each.text.size();
      continue;
    }
    ++config_.board->texts;
    config_.board->text_bytes += each.text.size();
    into.emplace_back(to_record(std::move(each), e.info.id.value, e.info.epoch));
  }
}

} // namespace roost::database
