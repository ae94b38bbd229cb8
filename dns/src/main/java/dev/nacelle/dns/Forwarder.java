package dev.nacelle.dns;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * Asks other servers, in their order, each for at most two seconds; remembers their answers. Blocks
 * its caller. Safe for any thread.
 */
final class Forwarder {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarder.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int MOST_SERVERS = 3;
  private static final int MOST_UDP = 1_232;

  private final List<InetSocketAddress> servers;
  private final AnswerCache cache;
  private final SecureRandom random = new SecureRandom();

  Forwarder(List<InetSocketAddress> servers, AnswerCache cache) {
    this.servers = servers.stream().limit(MOST_SERVERS).toList();
    this.cache = cache;
  }

  /** Empty if there is no server, or none answers. */
  Optional<Message> fetch(Record question) throws InterruptedException {
    Optional<Message> known = cache.get(question);
    if (known.isPresent()) {
      return known;
    }
    for (InetSocketAddress server : servers) {
      try {
        Message answer = ask(server, question);
        cache.put(question, answer);
        return Optional.of(answer);
      } catch (IOException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        LOG.debug("{} does not answer: {}", server, e.getMessage());
      }
    }
    return Optional.empty();
  }

  private Message ask(InetSocketAddress server, Record question) throws IOException {
    Message query = Message.newQuery(question);
    query.getHeader().setID(random.nextInt(1 << 16));
    query.addRecord(new OPTRecord(MOST_UDP, 0, 0), Section.ADDITIONAL);
    Message answer = overUdp(server, query);
    return answer.getHeader().getFlag(Flags.TC) ? overTcp(server, query) : answer;
  }

  private static Message overUdp(InetSocketAddress server, Message query) throws IOException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    byte[] wire = query.toWire();
    byte[] buffer = new byte[Responder.MOST_UDP];
    try (var socket = new DatagramSocket()) {
      socket.connect(server);
      socket.send(new DatagramPacket(wire, wire.length));
      while (true) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          throw new IOException("timed out");
        }
        socket.setSoTimeout((int) left);
        var packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        Message answer = new Message(Arrays.copyOf(buffer, packet.getLength()));
        if (answers(answer, query)) {
          return answer;
        }
      }
    }
  }

  private static Message overTcp(InetSocketAddress server, Message query) throws IOException {
    byte[] wire = query.toWire();
    try (var socket = new Socket()) {
      socket.connect(server, (int) TIMEOUT.toMillis());
      socket.setSoTimeout((int) TIMEOUT.toMillis());
      OutputStream out = socket.getOutputStream();
      byte[] framed = new byte[wire.length + 2];
      framed[0] = (byte) (wire.length >> 8);
      framed[1] = (byte) wire.length;
      System.arraycopy(wire, 0, framed, 2, wire.length);
      out.write(framed);
      out.flush();
      var in = new DataInputStream(socket.getInputStream());
      byte[] body = new byte[in.readUnsignedShort()];
      in.readFully(body);
      Message answer = new Message(body);
      if (!answers(answer, query)) {
        throw new IOException("an answer to another question");
      }
      return answer;
    }
  }

  /** Whether it is the answer to this very query, and not somebody's guess. */
  private static boolean answers(Message answer, Message query) {
    return answer.getHeader().getFlag(Flags.QR)
        && answer.getHeader().getID() == query.getHeader().getID()
        && answer.getQuestion() != null
        && answer.getQuestion().equals(query.getQuestion());
  }
}
