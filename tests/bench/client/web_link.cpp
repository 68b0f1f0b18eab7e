#include "tests/bench/client/web_link.hpp"

#include <poll.h>

#include <cstring>
#include <stdexcept>

namespace roost::bench {

namespace {

constexpr std::size_t read_size = std::size_t{256} << 10;

constexpr std::uint8_t op_text = 1;
constexpr std::uint8_t op_binary = 2;
constexpr std::uint8_t op_close = 8;
constexpr std::uint8_t op_ping = 9;
constexpr std::uint8_t op_pong = 10;

} // namespace

web_link::web_link(const target& to, std::string_view path, std::string_view headers)
    : socket_{to.port}, buffer_(read_size) {
  const auto answer = http_request(socket_, "GET", path,
                                   "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                   "Sec-WebSocket-Version: 13\r\n"
                                   "Sec-WebSocket-Key: cm9vc3QtYmVuY2gtY2xpZQ==\r\n" +
                                       std::string{headers},
                                   "");
  if (answer.status != 101)
    throw std::runtime_error("no WebSocket: " + answer.head + answer.body);
  std::memcpy(buffer_.data(), answer.rest.data(), answer.rest.size());
  end_ = answer.rest.size();
}

pump_result web_link::pump(int wait_ms, const sink& out) {
  if (end_ > begin_) { // what came with the handshake
    parse(out);
    after_read();
    return pump_result::output;
  }
  if (closed_)
    return pump_result::closed;
  if (wait_ms >= 0) {
    pollfd ready{socket_.fd(), POLLIN, 0};
    if (::poll(&ready, 1, wait_ms) == 0)
      return pump_result::idle;
  }
  begin_ = 0;
  end_ = socket_.read(buffer_.data(), buffer_.size());
  if (end_ == 0) {
    closed_ = true;
    return pump_result::closed;
  }
  parse(out);
  after_read();
  return closed_ ? pump_result::closed : pump_result::output;
}

/// Consumes the whole buffer, except for a frame header that is cut: its few bytes are completed by
/// reading on, which is rare and may block for the rest of a header only.
void web_link::parse(const sink& out) {
  while (begin_ < end_) {
    if (!in_frame_) {
      const auto need = [&](std::size_t size) {
        while (end_ - begin_ < size) {
          if (begin_ + size > buffer_.size()) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
          }
          const auto n = socket_.read(buffer_.data() + end_, begin_ + size - end_);
          if (n == 0)
            throw std::runtime_error("the server closed within a frame");
          end_ += n;
        }
        return reinterpret_cast<const std::uint8_t*>(buffer_.data()) + begin_;
      };
      const auto* head = need(2);
      const std::size_t extra = (head[1] & 127) == 126 ? 2 : (head[1] & 127) == 127 ? 8 : 0;
      head = need(2 + extra);
      final_frame_ = (head[0] & 0x80) != 0;
      opcode_ = head[0] & 0x0f;
      frame_left_ = head[1] & 127;
      if (extra > 0) {
        frame_left_ = 0;
        for (std::size_t i = 0; i < extra; ++i)
          frame_left_ = frame_left_ << 8 | head[2 + i];
      }
      begin_ += 2 + extra;
      in_frame_ = true;
      if (opcode_ == op_text || opcode_ == op_binary) {
        binary_ = opcode_ == op_binary;
        message_begins_ = true;
      }
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, end_ - begin_));
    const std::string_view part{buffer_.data() + begin_, size};
    begin_ += size;
    frame_left_ -= size;
    const bool frame_ends = frame_left_ == 0;
    in_frame_ = !frame_ends;
    if (opcode_ < op_close) {
      on_data(part, binary_, message_begins_, frame_ends && final_frame_, out);
      message_begins_ = false;
    } else if (opcode_ == op_close) {
      closed_ = true;
    } else if (opcode_ == op_ping && frame_ends) {
      send_frame(op_pong, part);
    }
  }
}

void web_link::send_message(std::string_view bytes, bool binary) {
  send_frame(binary ? op_binary : op_text, bytes);
}

/// Clients must mask; a key of zeros leaves the bytes as they are.
void web_link::send_frame(std::uint8_t opcode, std::string_view bytes) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  if (bytes.size() < 126) {
    frame += static_cast<char>(0x80 | bytes.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(bytes.size() >> 8);
    frame += static_cast<char>(bytes.size());
  }
  frame.append(4, '\0').append(bytes);
  socket_.write(frame);
}

} // namespace roost::bench
