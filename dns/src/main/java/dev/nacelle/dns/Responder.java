package dev.nacelle.dns;

import java.io.IOException;
import java.util.Optional;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Turns queries into replies, on the wire. Safe for any thread. */
final class Responder {
  static final int LEAST_UDP = 512;
  static final int MOST_UDP = 4_096;
  static final int MOST_TCP = 65_535;
  private static final int HEADER = 12;
  private static final int MAX_ALIASES = 8;

  private final ClusterZone zone;
  private final Forwarder forwarder;

  Responder(ClusterZone zone, Forwarder forwarder) {
    this.zone = zone;
    this.forwarder = forwarder;
  }

  /** What to do with a packet. */
  sealed interface Step {
    /** Send this. */
    record Reply(byte[] wire) implements Step {}

    /** The answer lies elsewhere; {@link Responder#forward} fetches it, which takes time. */
    record Forward(Message query, Message begun, Name target, int mostBytes) implements Step {}

    /** Say nothing: it is no query. */
    record Ignore() implements Step {}
  }

  /** Answers at once what the zone knows. */
  Step begin(byte[] packet, Transport transport) {
    Message query;
    try {
      query = new Message(packet);
    } catch (IOException | RuntimeException e) {
      return malformed(packet);
    }
    Header header = query.getHeader();
    if (header.getFlag(Flags.QR)) {
      return new Step.Ignore();
    }
    Message reply = started(query);
    int most = most(query, transport);
    if (header.getOpcode() != Opcode.QUERY) {
      return failed(reply, Rcode.NOTIMP, most);
    }
    Record question = query.getQuestion();
    if (question == null || header.getCount(Section.QUESTION) != 1) {
      return failed(reply, Rcode.FORMERR, most);
    }
    boolean transfer = question.getType() == Type.AXFR || question.getType() == Type.IXFR;
    if (question.getDClass() != DClass.IN || transfer) {
      return failed(reply, Rcode.REFUSED, most);
    }
    return resolve(query, reply, question, most);
  }

  /** Over what a query came. */
  enum Transport {
    UDP,
    TCP
  }

  private Step resolve(Message query, Message reply, Record question, int most) {
    Name name = question.getName();
    for (int i = 0; i < MAX_ALIASES; i++) {
      switch (zone.answer(name, question.getType())) {
        case ZoneAnswer.Found found -> {
          authoritative(reply);
          found.records().forEach(r -> reply.addRecord(r, Section.ANSWER));
          found.additional().forEach(r -> reply.addRecord(r, Section.ADDITIONAL));
          return new Step.Reply(reply.toWire(most));
        }
        case ZoneAnswer.Alias alias -> {
          authoritative(reply);
          reply.addRecord(alias.cname(), Section.ANSWER);
          if (question.getType() == Type.CNAME) {
            return new Step.Reply(reply.toWire(most));
          }
          name = alias.target();
        }
        case ZoneAnswer.NoData noData -> {
          return denied(reply, Rcode.NOERROR, most);
        }
        case ZoneAnswer.NoName noName -> {
          return denied(reply, Rcode.NXDOMAIN, most);
        }
        case ZoneAnswer.NotReady notReady -> {
          return failed(reply, Rcode.SERVFAIL, most);
        }
        case ZoneAnswer.Elsewhere elsewhere -> {
          return new Step.Forward(query, reply, name, most);
        }
      }
    }
    return failed(reply, Rcode.SERVFAIL, most);
  }

  /** Fetches what another server knows, and completes the reply. Blocks. */
  byte[] forward(Step.Forward step) throws InterruptedException {
    Record question = step.query().getQuestion();
    Message reply = step.begun();
    Optional<Message> fetched =
        forwarder.fetch(Record.newRecord(step.target(), question.getType(), DClass.IN));
    if (fetched.isEmpty()) {
      reply.getHeader().setRcode(Rcode.SERVFAIL);
      return reply.toWire(step.mostBytes());
    }
    Message upstream = fetched.get();
    reply.getHeader().setRcode(upstream.getRcode());
    for (int section : new int[] {Section.ANSWER, Section.AUTHORITY}) {
      upstream.getSection(section).forEach(r -> reply.addRecord(r, section));
    }
    upstream.getSection(Section.ADDITIONAL).stream()
        .filter(r -> r.getType() != Type.OPT)
        .forEach(r -> reply.addRecord(r, Section.ADDITIONAL));
    return reply.toWire(step.mostBytes());
  }

  /** The reply when nobody has time to fetch. */
  byte[] refuse(Step.Forward step) {
    step.begun().getHeader().setRcode(Rcode.SERVFAIL);
    return step.begun().toWire(step.mostBytes());
  }

  private static Message started(Message query) {
    Message reply = new Message(query.getHeader().getID());
    reply.getHeader().setFlag(Flags.QR);
    reply.getHeader().setFlag(Flags.RA);
    reply.getHeader().setOpcode(query.getHeader().getOpcode());
    if (query.getHeader().getFlag(Flags.RD)) {
      reply.getHeader().setFlag(Flags.RD);
    }
    Record question = query.getQuestion();
    if (question != null) {
      reply.addRecord(question, Section.QUESTION);
    }
    if (query.getOPT() != null) {
      reply.addRecord(new OPTRecord(MOST_UDP, 0, 0), Section.ADDITIONAL);
    }
    return reply;
  }

  private static int most(Message query, Transport transport) {
    return switch (transport) {
      case TCP -> MOST_TCP;
      case UDP -> {
        OPTRecord options = query.getOPT();
        yield options == null
            ? LEAST_UDP
            : Math.clamp(options.getPayloadSize(), LEAST_UDP, MOST_UDP);
      }
    };
  }

  private static void authoritative(Message reply) {
    reply.getHeader().setFlag(Flags.AA);
  }

  private Step denied(Message reply, int rcode, int most) {
    authoritative(reply);
    reply.getHeader().setRcode(rcode);
    reply.addRecord(zone.authority(), Section.AUTHORITY);
    return new Step.Reply(reply.toWire(most));
  }

  private static Step failed(Message reply, int rcode, int most) {
    reply.getHeader().setRcode(rcode);
    return new Step.Reply(reply.toWire(most));
  }

  /** A query that cannot be read is told so, if at least its number can. */
  private static Step malformed(byte[] packet) {
    boolean isReply = packet.length >= HEADER && (packet[2] & 0x80) != 0;
    if (packet.length < HEADER || isReply) {
      return new Step.Ignore();
    }
    byte[] wire = new byte[HEADER];
    wire[0] = packet[0];
    wire[1] = packet[1];
    wire[2] = (byte) (0x80 | (packet[2] & 0x79));
    wire[3] = Rcode.FORMERR;
    return new Step.Reply(wire);
  }
}
