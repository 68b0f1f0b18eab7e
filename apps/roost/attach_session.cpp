#include "apps/roost/attach_session.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "apps/roost/attach_words.hpp"
#include "apps/roost/away_notice.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/output_pump.hpp"
#include "apps/roost/query_filter.hpp"
#include "apps/roost/raw_terminal.hpp"
#include "apps/roost/terminal_sequences.hpp"
#include "apps/roost/text_table.hpp"

namespace roost::cli {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr std::size_t read_size = 32U << 10U;
constexpr std::chrono::milliseconds second_key_patience{1000};
constexpr std::chrono::milliseconds status_every{1000};
constexpr std::chrono::milliseconds last_output_patience{2000};

bool has_ctrl_c(std::string_view bytes) {
  std::string other_keys;
  detach_matcher matcher({{{U'c', true}}, "Ctrl-C"});
  return matcher.feed(bytes, other_keys) == key_wish::detach;
}

class attach_session {
public:
  attach_session(attach_options options, std::unique_ptr<raw_terminal> terminal)
      : options_(std::move(options)), terminal_(std::move(terminal)),
        input_(io_, terminal_->input_fd()),
        pump_(
            io_, terminal_->output_fd(), [this](std::uint64_t end) { link_.written(end); },
            [this] { end_with_signal(SIGHUP); }),
        signals_(io_), key_timer_(io_), status_timer_(io_), end_timer_(io_),
        matcher_(options_.detach), link_(io_, options_.link, events()) {
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT})
      signals_.add(number);
  }

  outcome<int> run() {
    terminal_->enter();
    await_signal();
    read_input();
    link_.start();
    io_.run();
    // What the goodbye still needed has been done; the terminal was given back before.
    if (failure_)
      return *failure_;
    return status_;
  }

private:
  link_events events() {
    link_events events;
    events.on_attached = [this](const link_attached& news) { on_attached(news); };
    events.on_output = [this](std::string_view bytes, queries mode, std::uint64_t end) {
      std::string shown;
      filter_.feed(bytes, options_.link.mode == viewing::view ? queries::strip : mode, shown);
      pump_.push(std::move(shown), end);
    };
    events.on_snapshot = [this](std::string_view bytes, std::uint64_t end) {
      on_snapshot(bytes, end);
    };
    events.on_lost = [this](std::string_view why, std::chrono::milliseconds retry_in) {
      on_lost(why, retry_in);
    };
    events.on_idle = [this] { on_idle(); };
    events.on_pressure = [this](bool is_full) { is_server_full_ = is_full; };
    events.on_notice = [this](std::string_view text) { notice_ = text; };
    events.on_writable = [this] { read_input(); };
    events.on_end = [this](const link_end& end) { on_end(end); };
    return events;
  }

  std::string name() const {
    return options_.title.empty() ? options_.link.session : options_.title;
  }

  // --- from the server ---------------------------------------------------------------------------

  void on_attached(const link_attached& news) {
    away_.back();
    status_timer_.cancel();
    if (news.mode == viewing::view)
      options_.link.mode = viewing::view;
    if (news.is_first && !options_.is_quiet)
      pump_.push(greeting(name(), news, terminal_->size(), options_.detach.shown), std::nullopt);
    // The bytes that were missed come next, but the status line stands where they may not draw.
    if (is_status_shown_ && !news.is_snapshot)
      link_.refresh();
  }

  void on_snapshot(std::string_view bytes, std::uint64_t end) {
    std::string shown = filter_.may_interleave() ? "" : "\x18\x1b\\";
    filter_.reset();
    is_status_shown_ = false; // not before: the connection may go again before the snapshot comes
    shown += make_room_sequence(terminal_->size(), room_);
    room_ = room::again;
    filter_.feed(adapt_snapshot(bytes), queries::strip, shown);
    pump_.push(std::move(shown), end);
  }

  void on_lost(std::string_view why, std::chrono::milliseconds retry_in) {
    const auto now = clock::now();
    away_.lost(why, now + retry_in, now);
    on_away();
  }

  void on_idle() {
    away_.idle(last_key_at_, clock::now());
    on_away();
  }

  void on_away() {
    is_server_full_ = false; // not known any more
    show_status();
    read_input(); // which may have waited for the connection to take more
  }

  /// While the connection is away: says so on the last line, and how long it will last once a
  /// second.
  void show_status() {
    if (!away_.is_away() || is_over_)
      return;
    const auto now = clock::now();
    if (now >= away_.due_at() && pump_.is_empty() && filter_.may_interleave()) {
      // What the terminal reports by itself would count as a key.
      pump_.push(
          (away_.awaits_key() ? std::string(quiet_reports_sequence()) : std::string()) +
              status_line_sequence(terminal_->size(), away_.text(options_.detach.shown, now)),
          std::nullopt);
      is_status_shown_ = true;
      if (away_.awaits_key())
        return;
    }
    status_timer_.expires_at(now < away_.due_at() ? away_.due_at() : now + status_every);
    status_timer_.async_wait([this](const error_code& error) {
      if (!error)
        show_status();
    });
  }

  void on_end(const link_end& end) {
    if (end.failure)
      failure_ = *end.failure;
    const auto ended = end.exited ? ended_with(*end.exited) : std::nullopt;
    status_ = ended.value_or(exit_status::no);
    const std::string last =
        failure_ ? "" : ended_words(name(), end.exited ? ended_text(*end.exited) : std::string());
    // All output is queued by now; a terminal that takes none must not keep us.
    end_timer_.expires_after(last_output_patience);
    end_timer_.async_wait([this, last](const error_code& error) {
      if (!error)
        stop(last);
    });
    pump_.when_empty([this, last] { stop(last); });
  }

  // --- from the user -----------------------------------------------------------------------------

  void read_input() {
    if (is_reading_ || is_over_ || !link_.has_room())
      return;
    is_reading_ = true;
    input_.async_read_some(asio::buffer(buffer_),
                           [this](const error_code& error, std::size_t size) {
                             is_reading_ = false;
                             if (error == asio::error::operation_aborted || is_over_)
                               return;
                             if (error)
                               return end_with_signal(SIGHUP); // the terminal is gone
                             on_keys(std::string_view(buffer_.data(), size));
                             read_input();
                           });
  }

  void on_keys(std::string_view bytes) {
    last_key_at_ = clock::now();
    if (away_.awaits_key() && has_ctrl_c(bytes))
      return leave(); // nobody else would hear it
    std::string keys;
    const auto wish = matcher_.feed(bytes, keys);
    send(keys);
    if (wish == key_wish::detach)
      return leave();
    key_timer_.cancel();
    if (!matcher_.is_waiting())
      return come_back();
    key_timer_.expires_after(second_key_patience);
    key_timer_.async_wait([this](const error_code& error) {
      if (error)
        return;
      std::string late;
      matcher_.flush(late);
      send(late);
      come_back();
    });
  }

  /// A person is here: does not let them wait for the connection.
  void come_back() {
    if (!away_.is_away())
      return;
    if (const auto now = clock::now(); away_.awaits_key()) {
      away_.lost("the connection was idle", now, now);
      show_status();
    }
    link_.hurry();
  }

  void leave() {
    status_ = exit_status::ok;
    stop(farewell(name(), options_.link.session,
                  is_server_full_ && options_.link.address.kind != transport_kind::unix_socket));
  }

  void send(std::string_view keys) {
    if (keys.empty() || options_.link.mode == viewing::view)
      return;
    if (!link_.send_input(keys))
      pump_.push("\a", std::nullopt);
  }

  // --- signals -----------------------------------------------------------------------------------

  void await_signal() {
    signals_.async_wait([this](const error_code& error, int number) {
      if (error || is_over_)
        return;
      on_signal(number);
      if (!is_over_)
        await_signal();
    });
  }

  void on_signal(int number) {
    switch (number) {
    case SIGWINCH:
      show_status(); // the last line is another one
      return link_.resize(terminal_->size());
    case SIGTSTP:
      terminal_->leave();
      ::kill(::getpid(), SIGSTOP);
      return; // SIGCONT does the rest
    case SIGCONT:
      terminal_->enter();
      room_ = room::first;
      show_status();
      link_.resize(terminal_->size());
      return link_.refresh();
    default:
      return end_with_signal(number);
    }
  }

  void end_with_signal(int number) {
    if (is_over_)
      return; // why it ends was decided before: the terminal's end is only what follows
    status_ = exit_status::signal_base + number;
    stop({});
  }

  /// Gives the terminal back at once, then lets the connection say goodbye.
  void stop(const std::string& last_words) {
    if (std::exchange(is_over_, true))
      return;
    pump_.stop();
    input_.release();
    signals_.cancel();
    key_timer_.cancel();
    status_timer_.cancel();
    end_timer_.cancel();
    terminal_->leave();
    if (!notice_.empty())
      terminal_->say("roost: " + printable(notice_) + "\n");
    if (!options_.is_quiet)
      terminal_->say(last_words);
    link_.detach();
  }

  asio::io_context io_{1};
  attach_options options_;
  std::unique_ptr<raw_terminal> terminal_;
  asio::posix::stream_descriptor input_;
  output_pump pump_;
  asio::signal_set signals_;
  asio::steady_timer key_timer_;
  asio::steady_timer status_timer_;
  asio::steady_timer end_timer_;
  detach_matcher matcher_;
  query_filter filter_;
  session_link link_;
  std::array<char, read_size> buffer_{};
  room room_ = room::first;
  away_notice away_;
  std::string notice_;
  clock::time_point last_key_at_ = clock::now();
  std::optional<command_failure> failure_;
  int status_ = exit_status::ok;
  bool is_server_full_ = false;
  bool is_status_shown_ = false;
  bool is_reading_ = false;
  bool is_over_ = false;
};

} // namespace

outcome<int> attach_terminal(attach_options options) {
  ROOST_TRY(auto terminal, raw_terminal::open());
  options.link.size = terminal->size();
  const auto session = std::make_unique<attach_session>(std::move(options), std::move(terminal));
  return session->run();
}

} // namespace roost::cli
