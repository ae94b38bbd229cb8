package dev.nacelle.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

final class ClusterDnsTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static ClusterDns serve(ClusterView view, List<InetSocketAddress> upstreams)
      throws IOException {
    return ClusterDns.start(
        List.of(new InetSocketAddress(LOOPBACK, 0)), view, "cluster.local", upstreams);
  }

  private static MapView manyEndpoints() {
    var endpoints = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      endpoints.append("{addresses: [10.64.1.").append(i).append("]},");
    }
    return new MapView()
        .service("{metadata: {name: many, namespace: default}, spec: {clusterIP: None}}")
        .service("{metadata: {name: web, namespace: default}, spec: {clusterIP: 10.128.0.7}}")
        .service(
            "{metadata: {name: out, namespace: default},"
                + " spec: {type: ExternalName, externalName: www.example.org}}")
        .slice(
            "{metadata: {name: s, namespace: default, labels: {kubernetes.io/service-name: many}},"
                + " endpoints: ["
                + endpoints
                + "]}");
  }

  private static Message query(String name, int type) throws IOException {
    return Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN));
  }

  private static Message udp(int port, Message query) throws IOException {
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(10_000);
      byte[] wire = query.toWire();
      socket.send(new DatagramPacket(wire, wire.length, LOOPBACK, port));
      var reply = new DatagramPacket(new byte[8_192], 8_192);
      socket.receive(reply);
      return new Message(Arrays.copyOf(reply.getData(), reply.getLength()));
    }
  }

  private static Message tcp(int port, Message query) throws IOException {
    try (var socket = new Socket(LOOPBACK, port)) {
      socket.setSoTimeout(10_000);
      byte[] wire = query.toWire();
      socket.getOutputStream().write(new byte[] {(byte) (wire.length >> 8), (byte) wire.length});
      socket.getOutputStream().write(wire);
      var in = new DataInputStream(socket.getInputStream());
      byte[] body = new byte[in.readUnsignedShort()];
      in.readFully(body);
      return new Message(body);
    }
  }

  @Test
  void anAnswerIsAuthoritativeAndHasTheQuestion() throws IOException {
    try (var dns = serve(manyEndpoints(), List.of())) {
      Message reply = udp(dns.port(), query("web.default.svc.cluster.local.", Type.A));
      assertThat(reply.getHeader().getFlag(Flags.AA)).isTrue();
      assertThat(reply.getQuestion().getName()).hasToString("web.default.svc.cluster.local.");
      assertThat(reply.getSection(Section.ANSWER).getFirst().rdataToString())
          .isEqualTo("10.128.0.7");
      assertThat(reply.getSection(Section.ANSWER).getFirst().getTTL()).isEqualTo(30);
    }
  }

  @Test
  void aDenialHasTheAuthorityOfTheZone() throws IOException {
    try (var dns = serve(manyEndpoints(), List.of())) {
      Message reply = udp(dns.port(), query("gone.default.svc.cluster.local.", Type.A));
      assertThat(reply.getRcode()).isEqualTo(Rcode.NXDOMAIN);
      assertThat(reply.getSection(Section.AUTHORITY).getFirst().getType()).isEqualTo(Type.SOA);
      Message noData = udp(dns.port(), query("web.default.svc.cluster.local.", Type.AAAA));
      assertThat(noData.getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(noData.getSection(Section.ANSWER)).isEmpty();
    }
  }

  @Test
  void aLongAnswerIsCutOverUdpAndWholeOverTcp() throws IOException {
    try (var dns = serve(manyEndpoints(), List.of())) {
      Message query = query("many.default.svc.cluster.local.", Type.A);
      Message cut = udp(dns.port(), query);
      assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();
      assertThat(cut.toWire().length).isLessThanOrEqualTo(512);
      assertThat(tcp(dns.port(), query).getSection(Section.ANSWER)).hasSize(100);
      query.addRecord(new OPTRecord(4_096, 0, 0), Section.ADDITIONAL);
      Message large = udp(dns.port(), query);
      assertThat(large.getSection(Section.ANSWER)).hasSize(100);
      assertThat(large.getOPT()).isNotNull();
    }
  }

  @Test
  void otherNamesAreForwardedAndRemembered() throws IOException {
    try (var upstream = new Upstream();
        var dns =
            serve(
                manyEndpoints(),
                List.of(new InetSocketAddress(LOOPBACK, upstream.socket.getLocalPort())))) {
      Message reply = udp(dns.port(), query("www.example.org.", Type.A));
      assertThat(reply.getSection(Section.ANSWER).getFirst().rdataToString())
          .isEqualTo("192.0.2.1");
      udp(dns.port(), query("www.example.org.", Type.A));
      assertThat(upstream.asked).isEqualTo(1);
      Message alias = udp(dns.port(), query("out.default.svc.cluster.local.", Type.A));
      assertThat(alias.getSection(Section.ANSWER)).hasSize(2);
    }
  }

  @Test
  void withoutServersOtherNamesFail() throws IOException {
    try (var dns = serve(manyEndpoints(), List.of())) {
      assertThat(udp(dns.port(), query("www.example.org.", Type.A)).getRcode())
          .isEqualTo(Rcode.SERVFAIL);
    }
  }

  @Test
  void malformedPacketsAreSurvived() throws IOException {
    long seed = 20_261_122;
    var random = new Random(seed);
    byte[] valid = query("web.default.svc.cluster.local.", Type.A).toWire();
    var responder =
        new Responder(
            new ClusterZone(manyEndpoints(), "cluster.local"),
            new Forwarder(List.of(), new AnswerCache(InstantSource.system(), 10)));
    List<Function<Random, byte[]>> mutations =
        List.of(
            r -> {
              byte[] noise = new byte[r.nextInt(600)];
              r.nextBytes(noise);
              return noise;
            },
            r -> Arrays.copyOf(valid, r.nextInt(valid.length)),
            r -> {
              byte[] copy = valid.clone();
              for (int i = 0; i <= r.nextInt(8); i++) {
                copy[r.nextInt(copy.length)] = (byte) r.nextInt();
              }
              return copy;
            });
    for (int i = 0; i < 30_000; i++) {
      byte[] packet = mutations.get(i % mutations.size()).apply(random);
      for (var transport : Responder.Transport.values()) {
        switch (responder.begin(packet, transport)) {
          case Responder.Step.Reply reply ->
              assertThat(reply.wire().length)
                  .as("seed %d round %d", seed, i)
                  .isLessThanOrEqualTo(Responder.MOST_TCP);
          case Responder.Step.Ignore ignore -> {}
          case Responder.Step.Forward forward ->
              assertThat(responder.refuse(forward).length).isPositive();
        }
      }
    }
  }

  /** A server that knows one address for every name. */
  private static final class Upstream implements AutoCloseable {
    private final DatagramSocket socket = new DatagramSocket(0, LOOPBACK);
    private volatile int asked;

    Upstream() throws IOException {
      Thread.ofVirtual().start(this::run);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private void run() {
      byte[] buffer = new byte[4_096];
      try {
        while (true) {
          var packet = new DatagramPacket(buffer, buffer.length);
          socket.receive(packet);
          asked++;
          Message query = new Message(Arrays.copyOf(buffer, packet.getLength()));
          Message reply = new Message(query.getHeader().getID());
          reply.getHeader().setFlag(Flags.QR);
          reply.addRecord(query.getQuestion(), Section.QUESTION);
          reply.addRecord(
              new ARecord(
                  query.getQuestion().getName(), DClass.IN, 60, InetAddress.ofLiteral("192.0.2.1")),
              Section.ANSWER);
          byte[] wire = reply.toWire();
          socket.send(new DatagramPacket(wire, wire.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // closed
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
