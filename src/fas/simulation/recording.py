"""From a subject to recordings: the living face, and the earlier capture that an attacker prints or replays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.attack import AttackScene, PrintedPicture, ReplayedPicture, Shown
from fas.simulation.camera import PHONES, Camera
from fas.simulation.display import DISPLAYS, draw_panel
from fas.simulation.glare import Glare
from fas.simulation.head import HeadScene, Pose, draw_poses
from fas.simulation.plane import Plane, PlanePose, draw_plane_poses
from fas.simulation.printing import PRINTERS, print_sheet, separate
from fas.simulation.scene import Light, draw_room, session_light
from fas.simulation.sensor import HEIGHT, WIDTH, Planes, planes_to_rgb
from fas.simulation.subjects import Subject
from fas.simulation.surround import Surround
from fas.simulation.video import VideoWriter, decode

_SOURCE_ZOOM = (0.93, 1.0)
_LIVE_ZOOM = (0.92, 1.12)
_STILL_QUALITY = 93
_SOURCE_QUALITY = 2.0
"""Bits per pixel of the attacker's video relative to a phone's usual."""
_REFLECTIONS = 4
"""Frames of an attack whose mirrored light is kept as truth."""


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What the simulation knows about one frame.

    Attributes:
        eyes: The eye on the image's left and the one on its right, `(2, 2)` in pixels of the image.
        motion: Bona fide: yaw, pitch, roll of the head in degrees, then shift x, y of the person and sway x, y of the
            camera in pixels of the image, and the camera's roll in degrees, `(8,)`. Attack: the homography `(3, 3)`
            from plane positions to those in the image of a lens without distortion.
        bend: Attack: curvature of the sheet about its vertical middle line in 1 / plane pixels; 0 is flat.
        reflection: Attack, some frames: what the mirrored light adds to the frame, uint8 `(480, 270, 3)`.
    """

    eyes: NDArray[np.float64]
    motion: NDArray[np.float64]
    bend: float = 0.0
    reflection: NDArray[np.uint8] | None = None


Shot = tuple[NDArray[np.uint8], FrameTruth]
"""One frame, RGB uint8 `(h, w, 3)`, and the truth about it."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the attacker has: an earlier capture of the subject in the same session.

    Attributes:
        prints: Per printer, a photograph separated into inks, uint8 `(4, h, w)`.
        still_eyes: Eyes on the photograph, `(2, 2)` in plane pixels.
        video: A video, H.264.
        video_eyes: Eyes on its frames `(T, 2, 2)` in plane pixels.
    """

    prints: dict[int, NDArray[np.uint8]]
    still_eyes: NDArray[np.float64]
    video: bytes
    video_eyes: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)  # comparing arrays gives no truth value
class Take:
    """What every recording depends on, bona fide or attack.

    Attributes:
        phone: 1 to 6.
        session: 1 to 3.
        times: Seconds of the frames, `(T,)`, from 0.
        size: Width and height of the frames.
        rng: Of this recording alone.
    """

    phone: int
    session: int
    times: NDArray[np.float64]
    size: tuple[int, int]
    rng: np.random.Generator

    def draw_camera(self) -> Camera:
        """The phone's camera as it is in this recording."""
        return Camera(PHONES[self.phone], self.size, self.rng)

    def draw_light(self) -> Light:
        """The session's light as it is in this recording."""
        return session_light(self.session, self.rng)

    def draw_room(self, light: Light) -> NDArray[np.float32]:
        """The session's room in that light, as `draw_room` gives it."""
        return draw_room(self.session, self.rng) * np.float32(light.level)


def film_face(subject: Subject, take: Take) -> Iterator[Shot]:
    """A bona fide presentation."""
    camera = take.draw_camera()
    scene = HeadScene(subject, take.draw_light(), float(take.rng.uniform(*_LIVE_ZOOM)), camera, take.rng)
    scale = take.size[0] / WIDTH
    for image, pose in _film_head(scene, take.times, camera, take.rng):
        angles = np.degrees([pose.yaw, pose.pitch, pose.roll])
        motion = np.array([*angles, *np.multiply(pose.shift + pose.sway, scale), np.degrees(pose.tilt)])
        yield image, FrameTruth(to_frame(scene.eyes(pose), take.size), motion)


def capture_source(subject: Subject, take: Take) -> Source:
    """The attacker's photograph and video: the same person and session, at higher quality.

    Args:
        subject: Who.
        take: Of photograph and video; the phone is the attacker's.
    """
    rng = take.rng
    light = take.draw_light()
    camera = take.draw_camera()
    scene = HeadScene(subject, light, float(rng.uniform(*_SOURCE_ZOOM)), camera, rng)
    photo, pose = next(_film_head(scene, take.times[:1], camera, rng))
    _, still = cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _STILL_QUALITY])
    jpeg = np.asarray(cv2.imdecode(still, cv2.IMREAD_COLOR_RGB), np.uint8)
    prints = {
        number: separate(
            jpeg, printer.black, printer.gamma * float(rng.uniform(0.9, 1.15)), float(rng.uniform(*printer.saturation))
        )
        for number, printer in PRINTERS.items()
    }
    still_eyes = scene.eyes(pose)

    camera = take.draw_camera()
    scene = HeadScene(subject, light, float(rng.uniform(*_SOURCE_ZOOM)), camera, rng)
    fps = round(1 / (take.times[1] - take.times[0])) if len(take.times) > 1 else 1
    buffer, eyes = io.BytesIO(), []
    with VideoWriter(buffer, take.size, fps, _SOURCE_QUALITY * camera.phone.bits_per_pixel) as writer:
        for image, pose in _film_head(scene, take.times, camera, rng):
            writer.write(image)
            eyes.append(scene.eyes(pose))
    return Source(prints, still_eyes, buffer.getvalue(), np.stack(eyes))


def film_print(source: Source, printer: int, take: Take) -> Iterator[Shot]:
    """A print attack: what the attacker has, from printer 1 or 2."""
    model, rng = PRINTERS[printer], take.rng
    camera, light = take.draw_camera(), take.draw_light()
    poses = draw_plane_poses(rng, take.times, shake=float(rng.uniform(0.3, 1)))
    sheet = print_sheet(source.prints[printer], model, camera.blur / poses[0].zoom, rng)
    plane = Plane(camera, bend=float(rng.uniform(-1, 1) * rng.choice([0, 2e-4, 5e-4])))
    room = take.draw_room(light)
    border = rng.uniform(0, 70, 4).astype(np.float32) * np.float32(rng.random() < 0.8)
    hands = bool(rng.random() < 0.25)
    surround = Surround(room, border, np.array(model.paper, np.float32), light.frontal, hands, rng)
    glare = Glare(room, float(rng.uniform(*model.gloss)), model.scatter, rng)
    picture = PrintedPicture(sheet, plane, light, rng)
    eyes = np.broadcast_to(source.still_eyes, (len(take.times), 2, 2))
    shown = (picture.at(pose, float(time)) for pose, time in zip(poses, take.times, strict=True))
    yield from _film_plane(AttackScene(plane, surround, glare), poses, shown, eyes, camera)


def film_replay(source: Source, display: int, take: Take) -> Iterator[Shot]:
    """A replay attack: what the attacker has, on display 1 or 2."""
    model, rng = DISPLAYS[display], take.rng
    camera, light = take.draw_camera(), take.draw_light()
    poses = draw_plane_poses(rng, take.times, shake=float(rng.uniform(0.1, 0.6)))
    panel = draw_panel(model, rng)
    plane = Plane(camera)
    room = take.draw_room(light)
    # On a desktop monitor the upright video has black bars at its sides, then the bezel; all of it is dark.
    border = rng.uniform(40, 260, 4).astype(np.float32)
    colour = np.full(3, rng.uniform(0.01, 0.06), np.float32)
    surround = Surround(room, border, colour, light.frontal, bool(rng.random() < 0.08), rng)
    glare = Glare(room, float(rng.uniform(*model.reflectance)), float(rng.uniform(*model.scatter)), rng)
    picture = ReplayedPicture(panel, camera, rng)
    shown = (
        picture.at(pose, float(time), frame)
        for pose, time, frame in zip(poses, take.times, decode(source.video), strict=True)
    )
    yield from _film_plane(AttackScene(plane, surround, glare), poses, shown, source.video_eyes, camera)


def _film_head(
    scene: HeadScene, times: NDArray[np.float64], camera: Camera, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], Pose]]:
    for index, (pose, time) in enumerate(zip(draw_poses(rng, times), times, strict=True)):
        planes = scene.planes(pose, float(time))
        if index == 0:
            camera.meter(planes)
        yield camera.develop(planes), pose


def _film_plane(
    scene: AttackScene,
    poses: list[PlanePose],
    shown: Iterator[Shown],
    eyes: NDArray[np.float64],
    camera: Camera,
) -> Iterator[Shot]:
    kept = set(np.linspace(0, len(poses) - 1, min(_REFLECTIONS, len(poses))).round().astype(int).tolist())
    for index, (pose, picture) in enumerate(zip(poses, shown, strict=True)):
        clean, mirrored = scene.layers(pose, picture)
        both: Planes = tuple(a + b for a, b in zip(clean, mirrored, strict=True))  # type: ignore[assignment]
        if index == 0:
            camera.meter(both)
        reflection = added_light(camera, clean, both) if index in kept else None
        scale = np.diag([camera.size[0] / WIDTH, camera.size[1] / HEIGHT, 1.0])
        scale[:2, 2] = (scale[[0, 1], [0, 1]] - 1) / 2
        homography = scale @ scene.plane.homography(pose)
        frame_eyes = to_frame(scene.plane.to_sensor(eyes[index], pose), camera.size)
        truth = FrameTruth(frame_eyes, homography / homography[2, 2], scene.plane.bend, reflection)
        yield camera.develop(both), truth


def added_light(camera: Camera, clean: Planes, both: Planes) -> NDArray[np.uint8]:
    """What the mirrored light adds to a frame: frame with it minus frame without, in 8-bit levels, `(480, 270, 3)`.

    Exposure and white balance are those of the recording, so the frame is the clean frame plus this.
    """
    difference = camera.preview(planes_to_rgb(both)) - camera.preview(planes_to_rgb(clean))
    return np.asarray(np.clip(difference * 255 + 0.5, 0, 255).astype(np.uint8))


def to_frame(positions: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Sensor positions `(..., 2)` as positions in a frame of a given width and height."""
    scale = np.array([size[0] / WIDTH, size[1] / HEIGHT])
    return np.asarray((positions + 0.5) * scale - 0.5)
