package dev.nacelle.bench.peer;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The calls of the CRI that a bare pod needs; blocking, at most a minute each, a pull ten; they
 * throw {@code io.grpc.StatusRuntimeException}. For one thread.
 */
public final class CriClient implements AutoCloseable {
  private static final String RUNTIME = "runtime.v1.RuntimeService";
  private static final String IMAGES = "runtime.v1.ImageService";
  private static final int CALL_SECONDS = 60;
  private static final int PULL_SECONDS = 600;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ManagedChannel channel;

  CriClient(Path socket) {
    channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class)
            .eventLoopGroup(loops)
            .overrideAuthority("localhost")
            .usePlaintext()
            .build();
  }

  /** A pod as the CRI sees it. */
  public record Pod(String name, String uid, Path logDirectory, String cgroupParent) {
    private CriMessage config() {
      return new CriMessage()
          .message(1, new CriMessage().string(1, name).string(2, uid).string(3, "default"))
          .string(2, name)
          .string(3, logDirectory.toString())
          .entry(6, "io.kubernetes.pod.uid", uid)
          .message(8, new CriMessage().string(1, cgroupParent));
    }
  }

  void version() {
    call("Version", new CriMessage().string(1, "v1"));
  }

  /** Makes the sandbox and its network; returns its id. */
  public String runPodSandbox(Pod pod) {
    return CriMessage.leadingString(
        call("RunPodSandbox", new CriMessage().message(1, pod.config())), 1);
  }

  /** Returns the container's id. */
  public String createContainer(
      String sandbox, Pod pod, String image, List<String> command, String logPath) {
    CriMessage config =
        new CriMessage()
            .message(1, new CriMessage().string(1, "main"))
            .message(2, new CriMessage().string(1, image));
    command.forEach(word -> config.string(3, word));
    config.string(11, logPath);
    return CriMessage.leadingString(
        call(
            "CreateContainer",
            new CriMessage().string(1, sandbox).message(2, config).message(3, pod.config())),
        1);
  }

  public void startContainer(String container) {
    call("StartContainer", new CriMessage().string(1, container));
  }

  /**
   * Stops a sandbox; containerd may refuse it while a container is just ending, the next try is
   * fine.
   *
   * @param attempts after which its refusal counts
   */
  public void stopPodSandbox(String sandbox, int attempts) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        call("StopPodSandbox", new CriMessage().string(1, sandbox));
        return;
      } catch (StatusRuntimeException e) {
        if (attempt == attempts) {
          throw e;
        }
        Thread.sleep(100);
      }
    }
  }

  /** Removes its containers too. */
  public void removePodSandbox(String sandbox) {
    call("RemovePodSandbox", new CriMessage().string(1, sandbox));
  }

  /** Fetches and unpacks an image. */
  public void pullImage(String image) {
    call(
        IMAGES,
        "PullImage",
        new CriMessage().message(1, new CriMessage().string(1, image)),
        PULL_SECONDS);
  }

  /** Removes an image with its layers, which are gone when this returns. */
  public void removeImage(String image) {
    call(
        IMAGES,
        "RemoveImage",
        new CriMessage().message(1, new CriMessage().string(1, image)),
        PULL_SECONDS);
  }

  private byte[] call(String method, CriMessage request) {
    return call(RUNTIME, method, request, CALL_SECONDS);
  }

  private byte[] call(String service, String method, CriMessage request, int seconds) {
    MethodDescriptor<byte[], byte[]> descriptor =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName(service, method))
            .setRequestMarshaller(Plain.INSTANCE)
            .setResponseMarshaller(Plain.INSTANCE)
            .build();
    return ClientCalls.blockingUnaryCall(
        channel,
        descriptor,
        CallOptions.DEFAULT.withDeadlineAfter(seconds, TimeUnit.SECONDS),
        request.toBytes());
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS);
  }

  private enum Plain implements MethodDescriptor.Marshaller<byte[]> {
    INSTANCE;

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
