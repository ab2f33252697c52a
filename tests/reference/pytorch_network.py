"""The networks of models::multi_head_cnn in PyTorch, under the names that hcnn's files have."""
import torch.nn as nn

HEADS = {"multihead": ["fine", "superclass", "group"], "severity": ["fine"], "compact": ["fine", "superclass", "group"]}
CLASSES = {"fine": 100, "superclass": 20, "group": 9}


class Net(nn.Module):
    def __init__(self, network, dropout):
        super().__init__()

        def block(i, o):
            return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(),
                                 nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))

        hidden = [320] if network == "compact" else [1024, 512]
        layers = [block(3, 64), block(64, 128), block(128, 256), nn.AdaptiveAvgPool2d(4), nn.Flatten()]
        width = 4096
        for size in hidden:
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout)]
            width = size
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({name: nn.Sequential(nn.Linear(width, CLASSES[name])) for name in HEADS[network]})

    def forward(self, x):
        features = self.trunk(x)
        return {name: head(features) for name, head in self.heads.items()}
