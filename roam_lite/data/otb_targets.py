"""The 100 targets of OTB-2015, in 98 folders: Jogging and Skating2 have two each."""

_NAMES = """
Basketball Biker Bird1 Bird2 BlurBody BlurCar1 BlurCar2 BlurCar3 BlurCar4 BlurFace BlurOwl Board
Bolt Bolt2 Box Boy Car1 Car2 Car24 Car4 CarDark CarScale ClifBar Coke Couple Coupon Crossing
Crowds Dancer Dancer2 David David2 David3 Deer Diving Dog Dog1 Doll DragonBaby Dudek FaceOcc1
FaceOcc2 Fish FleetFace Football Football1 Freeman1 Freeman3 Freeman4 Girl Girl2 Gym Human2
Human3 Human4 Human5 Human6 Human7 Human8 Human9 Ironman Jogging.1 Jogging.2 Jump Jumping
KiteSurf Lemming Liquor Man Matrix Mhyang MotorRolling MountainBike Panda RedTeam Rubik Shaking
Singer1 Singer2 Skater Skater2 Skating1 Skating2.1 Skating2.2 Skiing Soccer Subway Surfer Suv
Sylvester Tiger1 Tiger2 Toy Trans Trellis Twinnings Vase Walking Walking2 Woman
"""

TARGETS = tuple(_NAMES.split())
