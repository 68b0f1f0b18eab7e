#include "actors/connection/pool_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace roost::connection {

namespace {

using columns = pool_columns;

// A person who is warned has this part of the time left.
constexpr int warned_left = 5; // a fifth
// Below this, taking away what waits for a viewer frees less than its snapshot costs.
constexpr std::uint64_t least_to_shed = std::uint64_t{128} << 10;

std::uint64_t of(const std::atomic<std::uint64_t>& value) {
  return value.load(std::memory_order_relaxed);
}

} // namespace

pool_watch::pool_watch(std::shared_ptr<pool_desk> desk, const watch_settings& settings,
                       std::shared_ptr<const std::atomic<std::uint64_t>> histories,
                       const clock& time)
    : desk_(std::move(desk)), settings_(settings), histories_(std::move(histories)), clock_(time),
      global_(settings.pressure), windows_(columns::count, std::chrono::seconds(60), step) {}

void pool_watch::set(const watch_settings& settings) {
  settings_ = settings;
  global_.set(settings.pressure);
  for (auto* shares : {&keys_, &users_})
    for (auto& [name, one] : *shares)
      if (one.level)
        one.level->set(settings.pressure);
}

void pool_watch::add(newcomer who) {
  member m;
  m.opened_at = clock_.now_wall();
  if (!who.is_local) {
    m.key_share = &*keys_.try_emplace(who.key).first;
    m.user_share = &*users_.try_emplace(who.user_id).first;
    ++m.key_share->second.count;
    ++m.user_share->second.count;
  }
  m.user = std::move(who.user);
  m.address = std::move(who.address);
  m.figures = std::move(who.figures);
  members_.emplace(who.id, std::move(m));
}

void pool_watch::remove(std::uint64_t id) {
  const auto at = members_.find(id);
  if (at == members_.end())
    return;
  auto& totals = desk_->totals();
  connection_totals::add(totals.bytes_in, of(at->second.figures->bytes_in));
  connection_totals::add(totals.bytes_out, of(at->second.figures->bytes_out));
  live_in_ -= at->second.bytes_in;
  live_out_ -= at->second.bytes_out;
  leave(keys_, at->second.key_share);
  leave(users_, at->second.user_share);
  members_.erase(at);
}

void pool_watch::leave(share_map& shares, share_map::pointer which) {
  // One that is still under pressure stays until that is over.
  if (which != nullptr && --which->second.count == 0 && !which->second.level)
    shares.erase(shares.find(which->first));
}

// ---- looking ----

pool_watch::outcome pool_watch::look() {
  const auto now = clock_.now();
  outcome out;
  const auto limits = desk_->limits();
  const auto usage = desk_->usage();
  const std::array<pressure_gauge, 5> gauges = {{
      {"websockets", usage.websockets, limits.max},
      {"http", usage.http - usage.idle, limits.max},
      {"handshakes", usage.handshakes, limits.max_handshakes},
      {"local", usage.local, limits.max},
      {"memory", memory_used(), settings_.memory_budget},
  }};
  out.change = global_.update(gauges, now);
  update_shares(keys_, limits.max_per_key, now);
  update_shares(users_, limits.max_per_user, now);

  live_in_ = live_out_ = queued_ = 0;
  for (auto& [id, m] : members_)
    look_at(id, m, now, out);
  windows_.sample(totals(), now);
  shed_laggards(out);
  return out;
}

void pool_watch::look_at(std::uint64_t id, member& m, steady_time now, outcome& out) {
  const auto& figures = *m.figures;
  live_in_ += m.bytes_in = of(figures.bytes_in);
  live_out_ += m.bytes_out = of(figures.bytes_out);
  queued_ += of(figures.queued_bytes);
  if (const auto rtt = of(figures.rtt_us); rtt != m.rtt_us) {
    m.rtt_us = rtt;
    ++rtt_[log_histogram::bucket_of(rtt)];
    rtt_sum_us_ += rtt;
  }
  if (figures.streams.load(std::memory_order_relaxed) > 0) {
    const auto lag = of(figures.lag_bytes);
    ++lag_[log_histogram::bucket_of(lag)];
    lag_sum_bytes_ += lag;
  }
  judge_idleness(id, m, now, out);
  tell_pressure(id, m, out);
}

void pool_watch::judge_idleness(std::uint64_t id, member& m, steady_time now, outcome& out) const {
  const auto limit = settings_.idle_timeout;
  if (limit.count() == 0 || m.is_ended)
    return;
  const auto active = std::chrono::milliseconds(m.figures->active_at_ms.load());
  const auto idle =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()) - active;
  if (idle >= limit) {
    m.is_ended = true;
    out.orders.push_back({id, order::kind::end_idle});
  } else if (idle < limit - limit / warned_left) {
    m.is_warned = false;
  } else if (!std::exchange(m.is_warned, true)) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(limit - idle);
    out.orders.push_back({id, order::kind::warn_idle, left.count()});
  }
}

void pool_watch::tell_pressure(std::uint64_t id, member& m, outcome& out) const {
  auto state = global_.state();
  for (const auto* own : {m.key_share, m.user_share})
    if (own != nullptr && own->second.level && own->second.level->state().level > state.level)
      state = own->second.level->state();
  if (state.level == m.told_level)
    return;
  m.told_level = static_cast<std::int8_t>(state.level);
  order news{id, order::kind::pressure};
  news.pressure = state;
  out.orders.push_back(news);
}

void pool_watch::update_shares(share_map& shares, std::uint32_t limit, steady_time now) {
  for (auto at = shares.begin(); at != shares.end();) {
    auto& one = at->second;
    const bool is_near = one.count >= settings_.pressure.release * limit;
    if (is_near && !one.level)
      one.level.emplace(settings_.pressure);
    if (one.level) {
      const std::array<pressure_gauge, 1> gauge = {{{"share", one.count, limit}}};
      one.level->update(gauge, now);
      if (!is_near && one.level->state().level == 0)
        one.level.reset();
    }
    at = one.count == 0 && !one.level ? shares.erase(at) : std::next(at);
  }
}

/// When memory is short, those furthest behind give theirs up first: it is they who hold it.
void pool_watch::shed_laggards(outcome& out) const {
  const auto budget = static_cast<double>(settings_.memory_budget);
  const auto used = static_cast<double>(memory_used());
  if (used < budget * settings_.pressure.at)
    return;
  auto wanted = used - budget * settings_.pressure.release;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> laggards;
  for (const auto& [id, m] : members_)
    if (const auto queued = of(m.figures->queued_bytes); queued >= least_to_shed)
      laggards.emplace_back(queued, id);
  std::sort(laggards.rbegin(), laggards.rend());
  for (const auto& [queued, id] : laggards) {
    if (wanted <= 0)
      return;
    wanted -= static_cast<double>(queued);
    out.orders.push_back({id, order::kind::shed});
  }
}

std::uint64_t pool_watch::memory_used() const { return queued_ + of(*histories_); }

// ---- telling ----

pool_numbers pool_watch::totals() const {
  const auto& from = desk_->totals();
  pool_numbers out(columns::count);
  out[columns::accepted] = of(from.accepted);
  out[columns::opened] = of(from.opened);
  out[columns::bytes_in] = of(from.bytes_in) + live_in_;
  out[columns::bytes_out] = of(from.bytes_out) + live_out_;
  const auto copy = [&](const auto& counters, std::size_t to) {
    for (const auto& one : counters)
      out[to++] = of(one);
  };
  copy(from.refused, columns::refused);
  copy(from.timed_out, columns::timed_out);
  copy(from.closed, columns::closed);
  std::copy(rtt_.begin(), rtt_.end(), out.begin() + columns::rtt);
  std::copy(lag_.begin(), lag_.end(), out.begin() + columns::lag);
  return out;
}

pool_report pool_watch::report(bool with_rows) const {
  const auto now = clock_.now();
  pool_report out;
  out.limits = desk_->limits();
  out.usage = desk_->usage();
  out.open = members_.size();
  out.pressure = global_.state();
  out.queued_bytes = queued_;
  out.memory_used = memory_used();
  out.memory_budget = settings_.memory_budget;
  out.rtt_sum_us = rtt_sum_us_;
  out.lag_sum_bytes = lag_sum_bytes_;
  out.totals = totals();
  for (std::size_t i = 0; i < out.windows.size(); ++i)
    out.windows[i] = windows_.over(pool_report::spans[i].second, out.totals, now);
  if (!with_rows)
    return out;
  out.rows.reserve(members_.size());
  for (const auto& [id, m] : members_) {
    const auto& f = *m.figures;
    const auto active = steady_time(std::chrono::milliseconds(f.active_at_ms.load()));
    out.rows.push_back({id, m.user, m.address, m.opened_at, of(f.rtt_us),
                        f.streams.load(std::memory_order_relaxed), of(f.queued_bytes),
                        of(f.lag_bytes), of(f.bytes_in), of(f.bytes_out),
                        std::chrono::duration_cast<std::chrono::milliseconds>(now - active)});
  }
  return out;
}

} // namespace roost::connection
