#pragma once

#include "tests/bench/client/link.hpp"
#include "tests/bench/client/socket.hpp"

#include <vector>

namespace roost::bench {

/// A viewer over a WebSocket. The framing (RFC 6455) is done here; what a message means is up to
/// the subclass, one per protocol.
class web_link : public link {
public:
  pump_result pump(int wait_ms, const sink& out) override;
  int fd() const override { return socket_.fd(); }

protected:
  web_link(const target& to, std::string_view path, std::string_view headers);

  /// A part of a data message, in order; parts of one message end with `last`.
  virtual void on_data(std::string_view part, bool binary, bool first, bool last,
                       const sink& out) = 0;

  /// After all that one read brought.
  virtual void after_read() {}

  void send_message(std::string_view bytes, bool binary);

private:
  void send_frame(std::uint8_t opcode, std::string_view bytes);
  void parse(const sink& out);

  tcp_socket socket_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0; ///< unparsed bytes in the buffer
  std::size_t end_ = 0;
  std::uint64_t frame_left_ = 0; ///< payload of the current frame that has not come yet
  std::uint8_t opcode_ = 0;
  bool in_frame_ = false;
  bool final_frame_ = false;
  bool message_begins_ = true;
  bool binary_ = false;
  bool closed_ = false;
};

std::unique_ptr<link> attach_plain(const target& to);
std::unique_ptr<link> attach_terminado(const target& to, const std::string& name);
std::unique_ptr<link> attach_roost(const target& to, const std::string& name);

} // namespace roost::bench
