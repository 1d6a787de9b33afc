"""Cars and their owners for the demo, and how far the work on each is today."""

from dataclasses import dataclass

from domain.jobs.words import HoldReason, Stage, State, VehicleClass, WorkType

MODELS = (
    ("Maruti", "Swift", VehicleClass.SMALL), ("Tata", "Nexon", VehicleClass.SUV),
    ("Hyundai", "Creta", VehicleClass.SUV),
    ("Honda", "City", VehicleClass.SEDAN), ("Skoda", "Slavia", VehicleClass.SEDAN), ("Kia", "Seltos", VehicleClass.SUV),
    ("Hyundai", "Verna", VehicleClass.SEDAN), ("Mahindra", "XUV700", VehicleClass.SUV),
    ("Toyota", "Innova", VehicleClass.LARGE), ("Volkswagen", "Virtus", VehicleClass.SEDAN),
)  # fmt: skip
COLOURS = ("white", "black", "silver", "blue", "red", "grey")
PEOPLE = (
    "Anita Kulkarni", "Rohan Deshpande", "Neha Joshi", "Vikram Patil", "Sneha Rao", "Arjun Mehta", "Kavita Shinde",
    "Sameer Khan", "Pooja Gokhale", "Nikhil Bhosale", "Ritu Sharma", "Aditya Pawar",
)  # fmt: skip
WORKS = (WorkType.FULL_PPF, WorkType.PARTIAL_PPF, WorkType.FULL_PPF, WorkType.CERAMIC_COATING)
USUAL_MIN = {WorkType.FULL_PPF: 390, WorkType.PARTIAL_PPF: 170, WorkType.CERAMIC_COATING: 255, WorkType.CUSTOM: 200}
"""What these workshops really take; nobody's default is right everywhere."""

FILMS = (("ClearGuard", "Gloss 190", "CG-26-0418", 10), ("ClearGuard", "Matte 200", "CG-26-0502", 8),
         ("Northfilm", "Satin 170", "NF-7731", 5))  # fmt: skip
"""Maker, film, batch, years of warranty."""


@dataclass(frozen=True, slots=True)
class CarPart:
    """A job of today. Minutes count from now: negative ones are over. `done`: how many stages are."""

    car: tuple[str, str, VehicleClass]
    plate: str
    owner: str
    work: WorkType
    state: State
    received_min: int
    promised_min: int
    pit: str = ""
    staff: int = 0
    """Whose job it is, counted from the first of the staff."""
    done: int = 0
    hold: HoldReason | None = None
    note: str = ""
    damage: tuple[tuple[int, int, str], ...] = ()
    defect: str = ""


SUV, SEDAN, SMALL, LARGE = VehicleClass.SUV, VehicleClass.SEDAN, VehicleClass.SMALL, VehicleClass.LARGE
FULL, PARTIAL, CERAMIC = WorkType.FULL_PPF, WorkType.PARTIAL_PPF, WorkType.CERAMIC_COATING

TODAY = {
    "Baner PPF Studio": (
        CarPart(("Tata", "Nexon", SUV), "MH 12 QK 4821", "Priya Shah", FULL, State.QUALITY_CHECK, -1_500, 60, "Pit 1",
                0, len(Stage), damage=((190, 185, "Scratch 4 cm"), (85, 500, "Stone chips"))),
        CarPart(("Hyundai", "Creta", SUV), "MH 14 HG 3307", "Sanjay More", CERAMIC, State.IN_PROGRESS, -180, 150,
                "Pit 2", 1, 1),
        CarPart(("Mahindra", "Thar", SUV), "MH 12 TR 0912", "Fatima Sheikh", PARTIAL, State.IN_PROGRESS, -260, 95,
                "Pit 3", 1, 4, note="Bonnet and front wings only. Matte film."),
        CarPart(("Toyota", "Fortuner", LARGE), "MH 01 DX 7070", "Rajesh Iyer", FULL, State.IN_PROGRESS, -1_700, -25,
                "Pit 4", 0, 5, defect="Bubble below the left mirror", damage=((425, 810, "Dent, 2 cm"),)),
        CarPart(("Kia", "Seltos", SUV), "MH 12 PL 5564", "Meghna Das", FULL, State.RECEIVED, -40, 480, "Pit 5", 0),
        CarPart(("Maruti", "Baleno", SMALL), "MH 12 SW 2210", "Imtiaz Ali", PARTIAL, State.ON_HOLD, -1_450, 200,
                "Pit 6", 1, 3, HoldReason.CLIMATE),
        CarPart(("Honda", "City", SEDAN), "MH 14 JK 9081", "Lata Kadam", FULL, State.COMPLETE, -2_900, -90, "Pit 2", 1,
                len(Stage)),
        CarPart(("Skoda", "Kushaq", SUV), "MH 12 VB 6605", "Deepak Jain", CERAMIC, State.RECEIVED, 1_320, 1_800,
                "Pit 2", 1, note="Calls before he comes."),
        CarPart(("Volkswagen", "Virtus", SEDAN), "MH 12 XA 1188", "Anjali Naik", FULL, State.RECEIVED, 2_760, 3_400,
                "Pit 3"),
        CarPart(("Hyundai", "Verna", SEDAN), "MH 14 LM 3456", "Tarun Gupta", PARTIAL, State.CANCELLED, -3_000, -1_000,
                note="Sold the car."),
    ),
    "Hadapsar Films & Water": (
        CarPart(("Mahindra", "XUV700", SUV), "MH 12 NC 7742", "Suresh Pillai", PARTIAL, State.IN_PROGRESS, -200, 120,
                "Bay A", 0, 2),
        CarPart(("Toyota", "Innova", LARGE), "MH 12 RT 5150", "Geeta Salvi", CERAMIC, State.RECEIVED, 200, 500,
                "Bay B", 0),
        CarPart(("Tata", "Harrier", SUV), "MH 14 CC 8024", "Omkar Jadhav", FULL, State.COMPLETE, -1_800, 30, "Bay B", 0,
                len(Stage)),
    ),
}  # fmt: skip
