#pragma once

#include "actors/runtime/clock.hpp"
#include "actors/runtime/config_channels.hpp"
#include "protocols/channel_types.hpp"
#include "protocols/channels.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::channel {

/// The node's channels by name: where each one's actor is found, and what outlives that actor: its
/// configuration, and what administrators have set by hand. Thread-safe; shared by all who call
/// channels. Never on the path of terminal output.
class directory {
public:
  /// Told of every change of what is set by hand, with all of it. Called on the thread of whoever
  /// changed it, one at a time.
  using keeper = std::function<void(const std::map<std::string, channel_override>&)>;

  explicit directory(const clock& time) : time_(time) {}

  /// @param overrides of an earlier server; what has lapsed is left out.
  void open(std::map<std::string, channel_override> overrides, keeper keep);

  /// Makes a channel known, or gives it another configuration.
  void configure(std::shared_ptr<const channel_config> what);
  void forget(const std::string& name);
  [[nodiscard]] std::shared_ptr<const channel_config> config_of(const std::string& name) const;
  [[nodiscard]] std::vector<std::shared_ptr<const channel_config>> configs() const;

  /// The channel's incarnation that runs now. @returns whether there was one before. Nothing if the
  /// channel is not known.
  bool started(const std::string& name, channel_actor handle);
  /// The channel; empty if there is none of this name, or it is being started.
  [[nodiscard]] channel_actor find(const std::string& name) const;
  [[nodiscard]] std::vector<std::pair<std::string, channel_actor>> all() const;
  [[nodiscard]] bool is_known(const std::string& name) const;

  /// How long a call of this channel takes at most. @param wanted 0: the channel's own time-out.
  [[nodiscard]] std::chrono::milliseconds patience_of(const std::string& name,
                                                      std::chrono::milliseconds wanted) const;
  /// What a call gets while the channel's actor is not there (it is being started, or gets another
  /// helper): the channel's fallback, or nothing. Without a breaker: there is no such channel.
  [[nodiscard]] call_answer answer_without(const std::string& name) const;
  /// A key for call_channel that nobody else has.
  [[nodiscard]] std::uint64_t next_key() { return last_key_.fetch_add(1) + 1; }

  void keep_override(const std::string& name, std::optional<channel_override> what);
  /// What was set by hand, if it has not lapsed.
  [[nodiscard]] std::optional<channel_override> override_of(const std::string& name) const;

  /// Lets go of all actors.
  void clear();

private:
  struct entry {
    std::shared_ptr<const channel_config> config;
    channel_actor handle;
    bool was_there = false;
  };

  [[nodiscard]] bool has_lapsed(const channel_override& x) const {
    return x.expires_at && *x.expires_at <= time_.now_wall();
  }

  const clock& time_;
  std::atomic<std::uint64_t> last_key_{0};
  mutable std::mutex lock_;
  std::map<std::string, entry> entries_;
  std::mutex keep_lock_; ///< so that the keeper is told in order
  std::map<std::string, channel_override> overrides_;
  keeper keep_;
};

/// What a call gets while nobody can be asked: the fallback, if there is one.
call_answer answer_without_helper(const channel_config& channel);

/// Overrides as a JSON file has them, and back. A row that is not understood is left out.
std::string render_overrides(const std::map<std::string, channel_override>& what);
std::map<std::string, channel_override> parse_overrides(std::string_view text);

} // namespace roost::channel
