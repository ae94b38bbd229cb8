package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.cli.Host;
import dev.nacelle.image.Arrival;
import dev.nacelle.image.Ensured;
import dev.nacelle.image.ImageConversion;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImagePush;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.LayerProgress;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.Platform;
import dev.nacelle.image.PlatformPull;
import dev.nacelle.image.PullPolicy;
import dev.nacelle.image.PullProgress;
import dev.nacelle.image.PullRequest;
import dev.nacelle.image.PullSecrets;
import dev.nacelle.image.ResolvedImage;
import java.util.Locale;
import java.util.Optional;

/** Does the verbs on images that speak to registries. */
record ImageTransferWork(LocalImageStore images, Host.Output output) {

  /** Steps of layers as the user hears them. */
  static LayerProgress steps(Host.Output output) {
    return (phase, layer, done, total) ->
        output.step(new Host.LayerStep(phase.name().toLowerCase(Locale.ROOT), layer, done, total));
  }

  int pull(Host.ImageVerb.Pull verb) throws InterruptedException {
    ImageReference reference = ImageReference.parse(verb.name());
    var request = new PullRequest(reference, PullPolicy.ALWAYS, secrets(verb.auth()));
    PullProgress progress =
        new PullProgress() {
          @Override
          public void fetched(long fetchedBytes, long totalBytes) {}

          @Override
          public void layer(String digest, long fetchedBytes, long totalBytes) {
            steps(output).at(LayerProgress.Phase.PULL, digest, fetchedBytes, totalBytes);
          }
        };
    Optional<Platform> platform = verb.platform().map(ImageTransferWork::platform);
    if (platform.isPresent() && !platform.get().equals(Platform.host())) {
      ResolvedImage image = new PlatformPull(images).pull(request, platform.get(), progress);
      output.line(
          "pulled "
              + reference
              + " for "
              + platform.get()
              + " as "
              + image.statusImageId(reference));
      return 0;
    }
    Optional<ResolvedImage> before = images.resolve(reference);
    switch (images.ensure(request, progress)) {
      case Ensured.AlreadyPresent present -> output.line("present " + reference);
      case Ensured.Pulled pulled -> {
        if (verb.data() == Host.ImageVerb.Data.ALL) {
          images.fetchAll(pulled.image(), steps(output));
        }
        images.settle();
        String how =
            switch (pulled.arrival()) {
              case Arrival.Here here ->
                  before.map(ResolvedImage::id).equals(Optional.of(pulled.image().id()))
                      ? "it was here"
                      : "its content was here, and has this name now";
              case Arrival.Streamed streamed ->
                  verb.data() == Host.ImageVerb.Data.ALL ? "whole" : "its data comes as it is read";
              case Arrival.Whole whole -> ImageWork.size(pulled.fetchedBytes()) + " fetched";
            };
        output.line(
            "pulled "
                + reference
                + " ("
                + how
                + ", "
                + pulled.image().statusImageId(reference)
                + ")");
      }
    }
    return 0;
  }

  int push(Host.ImageVerb.Push verb) throws InterruptedException {
    ImageReference reference = ImageReference.parse(verb.name());
    ImageReference target = verb.target().map(ImageReference::parse).orElse(reference);
    ImagePush.Layers layers =
        switch (verb.layers()) {
          case ORIGINAL -> ImagePush.Layers.ORIGINAL;
          case REBUILT -> ImagePush.Layers.REBUILT;
        };
    ImagePush.Pushed pushed =
        new ImagePush(images).push(reference, target, secrets(verb.auth()), layers, steps(output));
    String id = images.resolve(reference).map(ResolvedImage::id).orElse("");
    if (!pushed.imageId().equals(id)) {
      output.line(
          "its layers were written anew: there the image is "
              + pushed.imageId()
              + ", here it is "
              + id);
    }
    output.line("pushed " + pushed.target() + "@" + pushed.digest());
    return 0;
  }

  int convert(Host.ImageVerb.Convert verb) throws InterruptedException {
    ImageReference reference = ImageReference.parse(verb.name());
    ImageConversion.Platforms platforms =
        switch (verb.platforms()) {
          case HOST -> ImageConversion.Platforms.HOST;
          case ALL -> ImageConversion.Platforms.ALL;
        };
    for (ImageConversion.Converted made :
        new ImageConversion(images)
            .convert(reference, secrets(verb.auth()), platforms, steps(output))) {
      String image = reference.repository() + "@" + made.manifest();
      output.line(
          made.made() == 0
              ? "the streaming form of " + image + " is there already"
              : "converted "
                  + image
                  + " ("
                  + made.made()
                  + " of "
                  + made.layers()
                  + " layers, "
                  + ImageWork.size(made.storedBytes())
                  + ")");
    }
    return 0;
  }

  private static Platform platform(String text) {
    String[] parts = text.split("/", -1);
    boolean fits = text.matches("[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?");
    if (!fits) {
      throw new ImageException(
          ImageFault.INVALID_NAME,
          "cannot pull for platform \""
              + text
              + "\": it is no os/architecture such as linux/arm64");
    }
    return new Platform(
        parts[0], parts[1], parts.length > 2 ? Optional.of(parts[2]) : Optional.empty());
  }

  static PullSecrets secrets(Host.AuthFile auth) {
    if (auth.text().isBlank()) {
      return PullSecrets.NONE;
    }
    try {
      return PullSecrets.parse(Bytes.utf8(auth.text()));
    } catch (IllegalArgumentException e) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot read the credentials of --authfile: "
              + String.valueOf(e.getMessage()).replaceFirst("^cannot read pull secret: ", ""),
          e);
    }
  }
}
