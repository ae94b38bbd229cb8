package dev.nacelle.dns;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The name servers that a host uses: {@code resolv.conf(5)}. */
final class ResolvConf {
  private ResolvConf() {}

  /** The servers of a file, in their order; none if it cannot be read. */
  static List<InetSocketAddress> servers(Path file) {
    try {
      return parse(Files.readAllLines(file));
    } catch (IOException e) {
      return List.of();
    }
  }

  static List<InetSocketAddress> parse(List<String> lines) {
    return lines.stream()
        .map(line -> line.strip().split("\\s+"))
        .filter(words -> words.length >= 2 && words[0].equals("nameserver"))
        .flatMap(words -> address(words[1]))
        .toList();
  }

  private static Stream<InetSocketAddress> address(String text) {
    try {
      return Stream.of(new InetSocketAddress(InetAddress.ofLiteral(text), 53));
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }
}
